#!/usr/bin/env python3
"""menuconfig for one image, with the environment that its build configured it with."""
import os

import menuconfig

import options

menuconfig.menuconfig(options.load_tree(os.path.join(os.environ["srctree"], "Kconfig")))
