"""Functions that Kconfig files may call, over the image's devicetree (devicetree.json of `farboot dts`).

Names and meaning are Zephyr's. kconfiglib imports this module by its name. A name with a comma has to come from a
variable, because Kconfig splits arguments at commas:

    CHOSEN_EXT_FLASH := nordic,pm-ext-flash
    default $(dt_chosen_path,$(CHOSEN_EXT_FLASH))
"""
import json
import os

with open(os.environ["FARBOOT_DEVICETREE_JSON"], encoding="utf-8") as file:
    _TREE = json.load(file)
_BY_PATH = {node["path"]: node for node in _TREE["nodes"]}
_BY_LABEL = {label: node for node in _TREE["nodes"] for label in node["labels"]}
_UNITS = {"": 1, "k": 1024, "K": 1024, "m": 1024 * 1024, "M": 1024 * 1024}


def enabled_compatibles():
    return sorted({c for node in _TREE["nodes"] if node["status"] == "okay" for c in node["compatible"]})


def _chosen(name):
    return _BY_PATH.get(_TREE["chosen"].get(name))


def _enabled(node):
    return "y" if node is not None and node["status"] == "okay" else "n"


def _number(value, unit):
    return value // _UNITS[unit]


def dt_compat_enabled(_kconf, _, compatible):
    return "y" if compatible in enabled_compatibles() else "n"


def dt_chosen_enabled(_kconf, _, name):
    return _enabled(_chosen(name))


def dt_chosen_path(_kconf, _, name):
    node = _chosen(name)
    return node["path"] if node else ""


def dt_chosen_label(_kconf, _, name):
    node = _chosen(name)
    return node["labels"][0] if node and node["labels"] else ""


def dt_nodelabel_enabled(_kconf, _, label):
    return _enabled(_BY_LABEL.get(label))


def dt_chosen_reg_addr_hex(_kconf, _, name, index="0", unit=""):
    node = _chosen(name)
    return hex(_number(node["reg_address"][int(index)], unit)) if node else "0x0"


def dt_chosen_reg_size_int(_kconf, _, name, index="0", unit=""):
    node = _chosen(name)
    return str(_number(node["reg_size"][int(index)], unit)) if node else "0"


def dt_chosen_reg_size_hex(_kconf, _, name, index="0", unit=""):
    node = _chosen(name)
    return hex(_number(node["reg_size"][int(index)], unit)) if node else "0x0"


def _is_spi_nor(node):
    return "jedec,spi-nor" in node["compatible"]


def dt_chosen_flash_addr_hex(_kconf, _, name):
    """Where flash appears to the processor; of a chip on a SPI bus, where its controller shows it, if it does."""
    node = _chosen(name)
    if node is None:
        return "0x0"
    if _is_spi_nor(node):
        windows = _BY_PATH[node["path"].rsplit("/", 1)[0]]["reg_address"][1:]
        return hex(windows[0] if windows else 0)
    return hex(node["reg_address"][0])


def dt_chosen_flash_size_int(_kconf, _, name, unit=""):
    """Bytes, or KiB with K; of a chip on a SPI bus from its property `size`, which is in bits."""
    node = _chosen(name)
    if node is None:
        return "0"
    size = node["properties"].get("size", 0) // 8 if _is_spi_nor(node) else node["reg_size"][0]
    return str(_number(size, unit))


def dt_node_int_prop_int(_kconf, _, path, prop, unit=""):
    node = _BY_PATH.get(path)
    value = node["properties"].get(prop, 0) if node else 0
    return str(_number(int(value), unit))


def dt_node_has_prop(_kconf, _, path, prop):
    node = _BY_PATH.get(path)
    return "y" if node and prop in node["properties"] else "n"


functions = {
    "dt_compat_enabled": (dt_compat_enabled, 1, 1),
    "dt_chosen_enabled": (dt_chosen_enabled, 1, 1),
    "dt_chosen_path": (dt_chosen_path, 1, 1),
    "dt_chosen_label": (dt_chosen_label, 1, 1),
    "dt_nodelabel_enabled": (dt_nodelabel_enabled, 1, 1),
    "dt_chosen_reg_addr_hex": (dt_chosen_reg_addr_hex, 1, 3),
    "dt_chosen_reg_size_int": (dt_chosen_reg_size_int, 1, 3),
    "dt_chosen_reg_size_hex": (dt_chosen_reg_size_hex, 1, 3),
    "dt_chosen_flash_addr_hex": (dt_chosen_flash_addr_hex, 1, 1),
    "dt_chosen_flash_size_int": (dt_chosen_flash_size_int, 1, 2),
    "dt_node_int_prop_int": (dt_node_int_prop_int, 2, 3),
    "dt_node_has_prop": (dt_node_has_prop, 2, 2),
}
