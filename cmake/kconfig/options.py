"""Loads an image's Kconfig and applies fragments to it; what it refuses, it explains with file and line."""
import difflib
import fnmatch

import pathlib
import re

import kconfiglib

_ASSIGNMENT = re.compile(r"^CONFIG_([A-Za-z0-9_]+)=(.*)$")
_UNSET = re.compile(r"^# CONFIG_([A-Za-z0-9_]+) is not set$")
_HERE = pathlib.Path(__file__).parent


class Assignment:
    """One line of a fragment or one -D option."""

    def __init__(self, name, value, place):
        self.name, self.value, self.place = name, value, place


def load_tree(root):
    """The option tree, with DT_HAS_<COMPATIBLE>_ENABLED for every enabled node (environment: see merge.py)."""
    return kconfiglib.Kconfig(root, warn_to_stderr=False, suppress_traceback=True)


def read_fragment(path):
    """The assignments of one fragment, and the lines that are none."""
    assignments, bad = [], []
    for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        match, unset = _ASSIGNMENT.match(text), _UNSET.match(text)
        place = f"{path}:{number}"
        if match:
            assignments.append(Assignment(match[1], match[2].strip(), place))
        elif unset:
            assignments.append(Assignment(unset[1], "n", place))
        elif text and not text.startswith("#"):
            bad.append(f"{place}: not an assignment of the form CONFIG_X=y: {text}")
    return assignments, bad


def _ignored_patterns():
    lines = (_HERE / "rtos_only.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _is_defined(kconf, name):
    return name in kconf.syms and bool(kconf.syms[name].nodes)


def _nearest(kconf, name):
    known = [s.name for s in kconf.unique_defined_syms if any(node.prompt for node in s.nodes)]
    close = difflib.get_close_matches(name, known, 1, 0.6)
    return f"; the nearest known option is CONFIG_{close[0]}" if close else ""


def sort_unknown(kconf, assignments):
    """(assignments that can be made, ignored names of an RTOS, messages for unknown names)"""
    good, ignored, errors = [], [], []
    patterns = _ignored_patterns()
    for a in assignments:
        if _is_defined(kconf, a.name):
            good.append(a)
        elif any(fnmatch.fnmatchcase(a.name, pattern) for pattern in patterns):
            ignored.append(a.name)
        else:
            errors.append(f"{a.place}: unknown option CONFIG_{a.name}{_nearest(kconf, a.name)}")
    return good, ignored, errors


def _unquoted(value):
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return kconfiglib.unescape(value[1:-1])
    return value


def assign(kconf, assignments):
    """Makes the assignments, later ones over earlier ones. Returns messages for values an option cannot have."""
    errors = []
    for a in assignments:
        sym = kconf.syms[a.name]
        if sym.choice and a.value == "y":
            sym.choice.set_value("y")
        if not sym.set_value(_unquoted(a.value)):
            kind = kconfiglib.TYPE_TO_STR[sym.orig_type]
            errors.append(f"{a.place}: CONFIG_{a.name} is of type {kind}; {a.value} is no such value")
    return errors


def _unmet(expr):
    """The operands of a dependency that keep it from being y, as text."""
    if isinstance(expr, tuple) and expr[0] is kconfiglib.AND:
        return _unmet(expr[1]) + _unmet(expr[2])
    if kconfiglib.expr_value(expr) == 2:
        return []
    text = kconfiglib.expr_str(expr, lambda sc: f"CONFIG_{sc.name}" if not getattr(sc, "is_constant", False) and sc.name
                               else kconfiglib.standard_sc_expr_str(sc))
    return [text]


def unmet_dependencies(sym):
    return _unmet(sym.direct_dep)


def _why(sym, wanted):
    missing = unmet_dependencies(sym)
    if missing:
        return "it depends on " + " and ".join(missing) + (", which is not set" if len(missing) == 1
                                                           else ", which are not set")
    if not any(node.prompt for node in sym.nodes):
        return "it cannot be set by hand; it follows from other options"
    if sym.choice and wanted == "y":
        return f"CONFIG_{sym.choice.selection.name} was chosen instead" if sym.choice.selection else "no choice is made"
    selecting = [s for s in kconfiglib.split_expr(sym.rev_dep, kconfiglib.OR) if kconfiglib.expr_value(s) > 0]
    if selecting:
        return "it is selected by " + ", ".join(kconfiglib.expr_str(s) for s in selecting)
    return "it is outside of the option's range or of what the visible prompts allow"


def _overridden_choices(kconf, assignments):
    """Choices in which the command line picks another member than the fragments do, which is what it is for."""
    return {kconf.syms[a.name].choice for a in assignments if a.value == "y" and a.place.startswith("command line")}


def ineffective(kconf, assignments):
    """(errors, warnings) for options whose last assignment did not take effect."""
    errors, warnings = [], []
    overridden = _overridden_choices(kconf, assignments)
    for a in {a.name: a for a in assignments}.values():
        sym, wanted = kconf.syms[a.name], _unquoted(a.value)
        is_overridden = sym.choice in overridden and not a.place.startswith("command line")
        if same_value(sym, wanted) or (sym.choice and is_overridden):
            continue
        text = f"{a.place}: CONFIG_{a.name}={a.value} has no effect (it is {sym.str_value or 'unset'}): {_why(sym, wanted)}"
        (errors if wanted == "y" else warnings).append(text)
    return errors, warnings


def same_value(sym, wanted):
    if sym.orig_type in (kconfiglib.INT, kconfiglib.HEX) and sym.str_value:
        return int(sym.str_value, 0) == int(wanted, 0)
    return sym.str_value == wanted or (wanted == "n" and sym.str_value == "")


def _mentioned(expr, found):
    for item in kconfiglib.expr_items(expr):
        found.add(item.name)
    return found


def drivers(kconf):
    """Option names by the DT_HAS_..._ENABLED symbol they depend on: which option compiles a node's driver."""
    found = {}
    for sym in kconf.unique_defined_syms:
        if not any(node.prompt for node in sym.nodes):
            continue
        for name in _mentioned(sym.direct_dep, set()):
            if name and name.startswith("DT_HAS_"):
                found.setdefault(name, []).append(sym.name)
    return found


def selectors(kconf):
    """Options that each option is selected or made y by: {option: [options that indicate it]}."""
    found = {}
    for sym in kconf.unique_defined_syms:
        names = _mentioned(sym.rev_dep, set())
        for value, condition in sym.defaults:
            names |= _mentioned(value, set()) | _mentioned(condition, set())
        names -= {"y", "n", "m", None, sym.name}
        if names:
            found[sym.name] = sorted(names)
    return found


