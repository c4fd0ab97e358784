"""The build's cases: an input tree, what is passed to CMake, and what must come out.

Every case starts from APPLICATION below; `files` are added to it or replace parts of it (None removes a file).
Expectations name an image:
  config   lines that its merged .config must have
  nodes    devicetree paths that it must have; no_nodes: must not have
  prints   texts that the configure step must print; fails: it must fail, printing all of them; silent: must not print
  map      PM_ values of the partition map
MAIN_STACK_SIZE says which fragment went last, since any number is as good as another.
"""
import dataclasses

CMAKE = """cmake_minimum_required(VERSION 3.22)
find_package(Farboot REQUIRED HINTS $ENV{FARBOOT_BASE})
project(case)
target_sources(app PRIVATE src/main.c)
"""
CHOSEN = "/ { chosen { nordic,pm-ext-flash = &mx25r64; }; };\n"
KEY = 'CONFIG_BOOT_SIGNATURE_KEY_FILE="apps/mcuboot/keys/published-test-ec-p256.pem"\n'
BOOT = KEY + "CONFIG_NORDIC_QSPI_NOR=y\n"
APPLICATION = {
    "CMakeLists.txt": CMAKE,
    "src/main.c": "int main(void)\n{\n    return 0;\n}\n",
    "prj.conf": "CONFIG_BOOTLOADER_MCUBOOT=y\n",
    "child_image/mcuboot.conf": KEY,
}
# The same with the secondary slot in external flash.
EXTERNAL = {
    "prj.conf": "CONFIG_BOOTLOADER_MCUBOOT=y\nCONFIG_FLASH=y\nCONFIG_NORDIC_QSPI_NOR=y\n",
    "app.overlay": CHOSEN,
    "child_image/mcuboot.overlay": CHOSEN,
    "child_image/mcuboot.conf": BOOT,
}


@dataclasses.dataclass
class Case:
    name: str
    files: dict = dataclasses.field(default_factory=dict)
    args: tuple = ()
    config: dict = dataclasses.field(default_factory=dict)
    nodes: dict = dataclasses.field(default_factory=dict)
    no_nodes: dict = dataclasses.field(default_factory=dict)
    prints: tuple = ()
    fails: tuple = ()
    silent: tuple = ()
    map: dict = dataclasses.field(default_factory=dict)
    board: str = "nrf52840dk"


def stack(size):
    return f"CONFIG_MAIN_STACK_SIZE={size}\n"


def node(name):
    return f"/ {{ {name} {{ }}; }};\n"


def app(size):
    return {"app": [stack(size).strip()]}


def boot(size):
    return {"mcuboot": [stack(size).strip()]}


PRJ = "CONFIG_BOOTLOADER_MCUBOOT=y\n"

APPLICATION_FILES = [
    Case("prj", {"prj.conf": PRJ + stack(1001)}, config=app(1001)),
    Case("board_conf", {"prj.conf": PRJ + stack(1001), "boards/nrf52840dk.conf": stack(1002)}, config=app(1002)),
    Case("board_conf_qualified", {"prj.conf": PRJ + stack(1), "boards/nrf52840dk_nrf52840.conf": stack(1003)},
         config=app(1003), board="nrf52840dk/nrf52840"),
    Case("board_conf_legacy_name", {"prj.conf": PRJ + stack(1), "boards/nrf52840dk_nrf52840.conf": stack(1003)},
         config=app(1003), board="nrf52840dk_nrf52840"),
    Case("extra_conf", {"boards/nrf52840dk.conf": stack(1), "a.conf": stack(2), "b.conf": stack(1004)},
         ("-DEXTRA_CONF_FILE=b.conf", "-DOVERLAY_CONFIG=a.conf"), config=app(1004)),
    Case("conf_file", {"boards/nrf52840dk.conf": stack(1), "other.conf": PRJ + stack(1005)},
         ("-DCONF_FILE=other.conf",), config=app(1005)),
    Case("conf_file_list", {"one.conf": PRJ + stack(1), "two.conf": stack(1015)},
         ("-DCONF_FILE=one.conf two.conf",), config=app(1015)),
    Case("command_line", {"prj.conf": PRJ + stack(1), "a.conf": stack(2)},
         ("-DOVERLAY_CONFIG=a.conf", "-DCONFIG_MAIN_STACK_SIZE=1006"), config=app(1006)),
    Case("command_line_prefixed", {"prj.conf": PRJ + stack(1)}, ("-Dapp_CONFIG_MAIN_STACK_SIZE=1007",),
         config=app(1007)),
    Case("suffix", {"prj_debug.conf": PRJ + stack(1008), "child_image/mcuboot_debug.conf": stack(1009)},
         ("-DFILE_SUFFIX=debug", "-Dmcuboot_FILE_SUFFIX=debug"), config=app(1008) | boot(1009)),
    Case("app_overlay", {"app.overlay": node("one")}, nodes={"app": ["/one"]}, no_nodes={"mcuboot": ["/one"]}),
    Case("board_overlay", {"app.overlay": node("one"), "boards/nrf52840dk.overlay": node("two")},
         nodes={"app": ["/two"]}, no_nodes={"app": ["/one"]}),
    Case("overlay_variables", {"boards/nrf52840dk.overlay": node("one"), "a.overlay": node("two"),
                               "b.overlay": node("three")},
         ("-DDTC_OVERLAY_FILE=a.overlay", "-DEXTRA_DTC_OVERLAY_FILE=b.overlay"),
         nodes={"app": ["/two", "/three"]}, no_nodes={"app": ["/one"]}),
    Case("ncs_overlay", {"boards/nrf52840dk_nrf52840.overlay":
                         '#include <zephyr/dt-bindings/gpio/gpio.h>\n' + CHOSEN +
                         "&mx25r64 { sck-frequency = <16000000>; };\n&uart0 { status = \"okay\"; };\n"
                         "/ { leds { extra: led_9 { gpios = <&gpio0 30 GPIO_ACTIVE_HIGH>; }; }; };\n"
                         "/delete-node/ &uart1;\n",
                         "child_image/mcuboot.overlay": CHOSEN, "child_image/mcuboot.conf": BOOT},
         ("-DCONFIG_FLASH=n",), nodes={"app": ["/leds/led_9"]}, no_nodes={"app": ["/soc/uart@40028000"]}),
]


def _per_root(root):
    """The image-specific files, which child_image/ and sysbuild/ share."""
    return [
        Case(f"{root}_conf", {f"{root}/mcuboot.conf": KEY + stack(2001)}, config=boot(2001)),
        Case(f"{root}_prj", {f"{root}/mcuboot/prj.conf": stack(2002)},
             config={"mcuboot": [stack(2002).strip(), "# CONFIG_SERIAL is not set"]}),
        Case(f"{root}_board_conf", {f"{root}/mcuboot/boards/nrf52840dk.conf": stack(2003)},
             config={"mcuboot": [stack(2003).strip(), "CONFIG_SERIAL=y"]}),
        Case(f"{root}_prj_and_board_conf", {f"{root}/mcuboot/prj.conf": stack(1) + "CONFIG_SERIAL=y\n",
                                            f"{root}/mcuboot/boards/nrf52840dk.conf": stack(2004)},
             config={"mcuboot": [stack(2004).strip(), "CONFIG_SERIAL=y"]}),
        Case(f"{root}_board_overlay", {f"{root}/mcuboot/boards/nrf52840dk.overlay": node("one")},
             nodes={"mcuboot": ["/one"]}, no_nodes={"app": ["/one"]}),
        Case(f"{root}_overlay", {f"{root}/mcuboot.overlay": node("one"),
                                 f"{root}/mcuboot/nrf52840dk.overlay": node("two")},
             nodes={"mcuboot": ["/one", "/two"]}, no_nodes={"app": ["/one"]}),
    ]


IMAGE_FILES = _per_root("child_image") + _per_root("sysbuild") + [
    Case("sysbuild_goes_last", {"child_image/mcuboot.conf": KEY + stack(1), "sysbuild/mcuboot.conf": stack(2010),
                                "child_image/mcuboot/prj.conf": "CONFIG_SERIAL=y\n", "sysbuild/mcuboot/prj.conf": ""},
         config={"mcuboot": [stack(2010).strip(), "# CONFIG_SERIAL is not set"]}),
    Case("sysbuild_options", {"prj.conf": "", "child_image/mcuboot.conf": None, "sysbuild.conf":
                              "# comment\nSB_CONFIG_BOOTLOADER_MCUBOOT=y\nSB_CONFIG_MCUBOOT_MODE_OVERWRITE_ONLY=y\n"
                              'SB_CONFIG_BOOT_SIGNATURE_KEY_FILE="\\${APP_DIR}/apps/mcuboot/keys/published-test-ec-p256.pem"\n'
                              "SB_CONFIG_NETCORE_NONE=y\nSB_CONFIG_WIFI=n\n"},
         ("-DSB_CONFIG_PM_MCUBOOT_PAD=0x400",),
         config={"app": ["CONFIG_MCUBOOT_BOOTLOADER_MODE_OVERWRITE_ONLY=y"], "mcuboot": ["CONFIG_BOOT_UPGRADE_ONLY=y"]},
         map={"MCUBOOT_PAD_SIZE": 0x400}, prints=("note: without effect in this build: SB_CONFIG_NETCORE_NONE",),
         silent=("SB_CONFIG_WIFI",)),
    Case("sysbuild_options_go_first", {"sysbuild.conf": 'SB_CONFIG_BOOT_SIGNATURE_KEY_FILE="nowhere.pem"\n'},
         config={"mcuboot": [KEY.strip()]}),
    Case("image_conf_file", {"boot.conf": KEY + stack(2011), "child_image/mcuboot/prj.conf": stack(1),
                             "child_image/mcuboot.conf": ""},
         ("-Dmcuboot_CONF_FILE=boot.conf",), config=boot(2011)),
    Case("image_overlay_config", {"a.conf": stack(2012)}, ("-Dmcuboot_OVERLAY_CONFIG=a.conf",), config=boot(2012)),
    Case("image_extra_conf", {"a.conf": stack(1), "b.conf": stack(2013)},
         ("-Dmcuboot_EXTRA_CONF_FILE=b.conf", "-Dmcuboot_OVERLAY_CONFIG=a.conf"), config=boot(2013)),
    Case("image_command_line", {"a.conf": stack(1)},
         ("-Dmcuboot_OVERLAY_CONFIG=a.conf", "-Dmcuboot_CONFIG_MAIN_STACK_SIZE=2014"), config=boot(2014)),
    Case("image_overlay_variables", {"a.overlay": node("two"), "b.overlay": node("three")},
         ("-Dmcuboot_DTC_OVERLAY_FILE=a.overlay", "-Dmcuboot_EXTRA_DTC_OVERLAY_FILE=b.overlay"),
         nodes={"mcuboot": ["/two", "/three"]}, no_nodes={"app": ["/two"]}),
    Case("common_child_image_dir", {"child_image/mcuboot.conf": None, "common/child_image/mcuboot.conf": KEY + stack(2015)},
         ("-DCOMMON_CHILD_IMAGE_CONFIG_DIR=common",), config=boot(2015)),
    Case("config_dir", {"prj.conf": None, "child_image/mcuboot.conf": None, "cfg/prj.conf": PRJ + stack(2016),
                        "cfg/child_image/mcuboot.conf": KEY + stack(2017)},
         ("-DAPPLICATION_CONFIG_DIR=cfg",), config=app(2016) | boot(2017)),
    Case("mode_follows_bootloader", {"child_image/mcuboot.conf": KEY + "CONFIG_BOOT_UPGRADE_ONLY=y\n"},
         config={"app": ["CONFIG_MCUBOOT_BOOTLOADER_MODE_OVERWRITE_ONLY=y"]}),
    Case("trailer_follows_bootloader", {"child_image/mcuboot.conf": KEY + "CONFIG_BOOT_MAX_IMG_SECTORS=300\n",
                                        "prj.conf": PRJ + "CONFIG_FLASH=y\nCONFIG_IMG_MANAGER=y\n"},
         config={"app": ["CONFIG_BOOT_MAX_IMG_SECTORS=300"]}),
    Case("without_bootloader", {"prj.conf": stack(2018)}, config=app(2018), map={"APP_ADDRESS": 0}),
]

STATIC = """mcuboot: {{address: 0x0, size: {boot}, region: flash_primary}}
"""


def static(boot_size):
    """A static map that fixes the bootloader alone; its size tells which file was found."""
    return STATIC.format(boot=hex(boot_size))


MAPS = [
    Case("map_internal", map={"MCUBOOT_SIZE": 0xc000, "MCUBOOT_PAD_SIZE": 0x200, "MCUBOOT_PRIMARY_SIZE": 0x7a000,
                              "MCUBOOT_SECONDARY_ADDRESS": 0x86000}),
    Case("map_external", EXTERNAL, map={"MCUBOOT_PRIMARY_SIZE": 0xf4000, "MCUBOOT_SECONDARY_ADDRESS": 0,
                                        "EXTERNAL_FLASH_ADDRESS": 0xf4000}),
    Case("map_four_images", EXTERNAL, ("-Dmcuboot_CONFIG_UPDATEABLE_IMAGE_NUMBER=4",
                                       "-Dmcuboot_CONFIG_PM_PARTITION_SIZE_MCUBOOT_PRIMARY_3=0x4000"),
         map={"MCUBOOT_PRIMARY_SIZE": 0xe0000, "MCUBOOT_PRIMARY_1_SIZE": 0x8000, "MCUBOOT_SECONDARY_1_SIZE": 0x8000,
              "MCUBOOT_PRIMARY_3_ADDRESS": 0xfc000, "MCUBOOT_SECONDARY_3_SIZE": 0x4000}),
    Case("static", {"pm_static.yml": static(0xd000)}, map={"MCUBOOT_SIZE": 0xd000}),
    Case("static_board", {"pm_static.yml": static(0x1000), "pm_static_nrf52840dk.yml": static(0xe000)},
         map={"MCUBOOT_SIZE": 0xe000}),
    Case("static_board_qualified", {"pm_static.yml": static(0x1000), "pm_static_nrf52840dk_nrf52840.yml": static(0xe000)},
         map={"MCUBOOT_SIZE": 0xe000}),
    Case("static_suffix", {"pm_static.yml": static(0x1000), "pm_static_a.yml": static(0xf000)},
         ("-DFILE_SUFFIX=a",), map={"MCUBOOT_SIZE": 0xf000}),
    Case("static_board_suffix", {"pm_static_a.yml": static(0x1000), "pm_static_nrf52840dk.yml": static(0x2000),
                                 "pm_static_nrf52840dk_a.yml": static(0x10000)},
         ("-DFILE_SUFFIX=a",), map={"MCUBOOT_SIZE": 0x10000}),
    Case("static_variable", {"pm_static.yml": static(0x1000), "maps/mine.yml": static(0x11000)},
         ("-DPM_STATIC_YML_FILE=maps/mine.yml",), map={"MCUBOOT_SIZE": 0x11000}),
    Case("own_partitions", {"pm.yml": "#if CONFIG_MAIN_STACK_SIZE == 99\nmy_data:\n  size: 0x2000\n"
                                      "  placement:\n    before: [end]\n#endif\n", "prj.conf": PRJ + stack(99)},
         map={"MY_DATA_ADDRESS": 0xfe000}),
    Case("choice_overridden", {"child_image/mcuboot.conf": KEY + "CONFIG_BOOT_SWAP_USING_MOVE=y\n"},
         args=("-Dmcuboot_CONFIG_BOOT_UPGRADE_ONLY=y",), config={"mcuboot": ["CONFIG_BOOT_UPGRADE_ONLY=y"]}),
    Case("own_region", {"CMakeLists.txt": CMAKE + "add_region(NAME fram SIZE 0x2000 BASE 0x0 PLACEMENT start_to_end "
                                                  "DEVICE DT_NODELABEL(flash0) DEFAULT_DRIVER_KCONFIG CONFIG_SOC_FLASH_NRF)\n",
                        "pm.yml": "log:\n  region: fram\n  size: 0x100\n"}, map={"LOG_ADDRESS": 0, "FRAM_SIZE": 0x1f00}),
]

REFUSALS = [
    Case("unknown_option", {"child_image/mcuboot.conf": KEY + "\nCONFIG_NORDIC_QPSI_NOR=y\n"},
         fails=("child_image/mcuboot.conf:3: unknown option CONFIG_NORDIC_QPSI_NOR", "CONFIG_NORDIC_QSPI_NOR")),
    Case("unknown_option_command_line", args=("-Dmcuboot_CONFIG_NO_SUCH_THING=y",),
         fails=("command line -DCONFIG_NO_SUCH_THING=y: unknown option CONFIG_NO_SUCH_THING",)),
    Case("rtos_option", {"prj.conf": PRJ + "CONFIG_MULTITHREADING=y\nCONFIG_SYSTEM_WORKQUEUE_STACK_SIZE=2048\n"},
         prints=("note: accepted without effect, since there is no RTOS: CONFIG_MULTITHREADING, "
                 "CONFIG_SYSTEM_WORKQUEUE_STACK_SIZE",)),
    Case("no_effect", {"child_image/mcuboot.conf": KEY + "CONFIG_NORDIC_QSPI_NOR=y\nCONFIG_FLASH=n\n"},
         fails=("child_image/mcuboot.conf:2: CONFIG_NORDIC_QSPI_NOR=y has no effect", "depends on CONFIG_FLASH")),
    Case("not_chosen", {"prj.conf": PRJ + "CONFIG_MCUBOOT_BOOTLOADER_MODE_OVERWRITE_ONLY=y\n"},
         fails=("CONFIG_MCUBOOT_BOOTLOADER_MODE_OVERWRITE_ONLY=y has no effect",
                "CONFIG_MCUBOOT_BOOTLOADER_MODE_SWAP_USING_OFFSET was chosen instead")),
    Case("wrong_type", {"prj.conf": PRJ + "CONFIG_MAIN_STACK_SIZE=large\n"},
         fails=("prj.conf:2: CONFIG_MAIN_STACK_SIZE is of type int; large is no such value",)),
    Case("not_an_assignment", {"prj.conf": PRJ + "MAIN_STACK_SIZE=1\n"}, fails=("prj.conf:2: not an assignment",)),
    Case("missing_file", args=("-Dmcuboot_OVERLAY_CONFIG=nowhere.conf",),
         fails=("mcuboot_OVERLAY_CONFIG names nowhere.conf",)),
    Case("unknown_board", board="nrf99", fails=("unknown board nrf99",)),
    Case("misspelt_property", {"app.overlay": "&mx25r64 { redoc = \"fastread\"; };\n"},
         fails=("mx25r6435f@0: property redoc is not in the binding", "did you mean readoc?")),
    Case("no_key", {"child_image/mcuboot.conf": ""},
         fails=("the bootloader has no key", "imgtool keygen", "child_image/mcuboot.conf")),
    Case("missing_key_file", {"child_image/mcuboot.conf": 'CONFIG_BOOT_SIGNATURE_KEY_FILE="mine.pem"\n'},
         fails=('CONFIG_BOOT_SIGNATURE_KEY_FILE="mine.pem" of image mcuboot names no file',)),
    Case("published_key", prints=("published-test-ec-p256.pem is a published test key",)),
    Case("published_key_release", args=("-Dmcuboot_CONFIG_BOOT_RELEASE=y",),
         fails=("published-test-ec-p256.pem is a published test key", "farboot imgtool keygen",
                "CONFIG_BOOT_RELEASE=y")),
    Case("driver_missing", EXTERNAL | {"child_image/mcuboot.conf": KEY},
         fails=("partition mcuboot_secondary lies in region external_flash",
                '/soc/qspi@40029000/mx25r6435f@0 ("nordic,qspi-nor")', "image mcuboot has no driver",
                "Set CONFIG_NORDIC_QSPI_NOR=y", "child_image/mcuboot.conf")),
    Case("driver_missing_in_application", EXTERNAL | {"prj.conf": PRJ + "CONFIG_FLASH=y\nCONFIG_IMG_MANAGER=y\n"},
         fails=("image app has no driver", "prj.conf")),
    Case("driver_not_needed_in_application", EXTERNAL | {"prj.conf": PRJ + "CONFIG_FLASH=y\n"},
         map={"MCUBOOT_SECONDARY_ADDRESS": 0}),
    Case("driver_check_overridden",
         EXTERNAL | {"child_image/mcuboot.conf": KEY + "CONFIG_PM_OVERRIDE_EXTERNAL_DRIVER_CHECK=y\n"},
         map={"MCUBOOT_SECONDARY_ADDRESS": 0}),
    Case("chosen_missing", EXTERNAL | {"child_image/mcuboot.overlay": None},
         fails=("the devicetree of image mcuboot chooses no external flash", "child_image/mcuboot.overlay")),
    Case("command_line_is_the_applications", EXTERNAL | {"child_image/mcuboot.overlay": None, "child_image/mcuboot.conf": KEY},
         ("-DCONFIG_PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY=y",), fails=("image mcuboot chooses no external flash",)),
    Case("disabled_flash", EXTERNAL | {"app.overlay": CHOSEN + "&mx25r64 { status = \"disabled\"; };\n"},
         ("-DCONFIG_FLASH=n", "-DCONFIG_NORDIC_QSPI_NOR=n"),
         prints=("warning: /chosen: nordic,pm-ext-flash names /soc/qspi@40029000/mx25r6435f@0, which is disabled",)),
    Case("flash_settings_differ", EXTERNAL | {"child_image/mcuboot.overlay": CHOSEN + "&mx25r64 { "
                                              "sck-frequency = <16000000>; jedec-id = [c2 28 18]; /delete-property/ has-dpd; };\n"},
         prints=("warning: devicetree node /soc/qspi@40029000/mx25r6435f@0 differs between images app and mcuboot:",
                 "has-dpd is 1 and absent", "jedec-id is 194;40;23 and 194;40;24", "sck-frequency is 32000000 and 16000000")),
    Case("no_needless_warning", EXTERNAL, silent=("error", "differs", "Warning", "[", "note:")),
    Case("devicetrees_differ", EXTERNAL | {"child_image/mcuboot.overlay": CHOSEN + "&mx25r64 { size = <0x1000000>; };\n"},
         fails=("CONFIG_PM_EXTERNAL_FLASH_SIZE_BITS differs between the images: 67108864 and 16777216 (mcuboot)",)),
    Case("region_without_driver",
         {"CMakeLists.txt": CMAKE + "add_region(NAME fram SIZE 0x2000 PLACEMENT start_to_end DEVICE DT_NODELABEL(fram) "
                                    "DEFAULT_DRIVER_KCONFIG CONFIG_SERIAL)\n"},
         fails=("region fram: its DEFAULT_DRIVER_KCONFIG CONFIG_SERIAL neither compiles a driver",)),
    Case("slots_differ", {"pm_static.yml": "mcuboot_secondary: {address: 0xf0000, size: 0x10000, region: flash_primary}\n"},
         fails=("the slots differ in size", "0x10000")),
    Case("slot_not_aligned", {"child_image/mcuboot.conf": KEY, "pm_static.yml": "mcuboot: {address: 0x0, size: 0xc800, region: flash_primary}\n"},
         fails=("of mcuboot_primary, 0xc800, is not a multiple of the sector size 4096",)),
]

GROUPS = {"application": APPLICATION_FILES, "image": IMAGE_FILES, "map": MAPS, "refusal": REFUSALS}
