"""farboot imgtool and farboot hex: help, exit statuses, one-line errors, outputs that appear whole or not at all.

usage: imgtool_cli_test.py FARBOOT
"""
import os
import pathlib
import pty
import subprocess
import sys
import tempfile

FARBOOT = sys.argv[1]
SIGN = ["imgtool", "sign", "-k", "key.pem", "-v", "1.2.3+4", "-H", "0x200", "--pad-header", "-S", "0x8000"]


def run(work, *words, expect=0, **more):
    done = subprocess.run([FARBOOT, *map(str, words)], capture_output=more.get("stdout") is None, cwd=work, timeout=60,
                          **more)
    assert done.returncode == expect, f"{words}: exit status {done.returncode}: {done.stderr}"
    if expect != 0 and done.stderr is not None:
        assert done.stderr.startswith(b"farboot ") and done.stderr.count(b"\n") == 1, done.stderr
    return done


def check_help(work):
    for command in ("create", "dumpinfo", "getpub", "getpubhash", "keygen", "max-size", "sign", "verify"):
        text = run(work, "imgtool", command, "--help").stdout
        assert b"example:" in text and b"--help" in text, command
    assert b"example:" in run(work, "hex", "merge", "--help").stdout
    for words in (("imgtool",), ("hex",)):
        assert b"commands:" in run(work, *words, "--help").stdout
        assert b"commands:" in subprocess.run([FARBOOT, *words], capture_output=True).stdout
    run(work, "imgtool", "sing", expect=2)


def check_life_of_an_image(work):
    (work / "app.bin").write_bytes(bytes(range(256)) * 8)
    run(work, "imgtool", "keygen", "-k", "key.pem", "-t", "ecdsa-p256")
    run(work, "imgtool", "keygen", "-k", "other.pem", "-t", "ecdsa-p256")
    run(work, *SIGN, "app.bin", "app.img")
    report = run(work, "imgtool", "verify", "-k", "key.pem", "app.img").stdout.decode().splitlines()
    assert report[0] == "Image was correctly validated" and report[1] == "Image version: 1.2.3+4"
    run(work, *SIGN, "-x", "0xc000", "app.bin", "app.hex")
    assert run(work, "imgtool", "verify", "-k", "key.pem", "app.hex").stdout.decode().splitlines()[:2] == report[:2]
    run(work, "imgtool", "verify", "-k", "other.pem", "app.img", expect=1)
    note = run(work, "imgtool", "verify", "app.img").stderr
    assert b"signature was not checked" in note
    image = bytearray((work / "app.img").read_bytes())
    image[0x300] ^= 1
    (work / "bad.img").write_bytes(image)
    assert b"invalid hash" in run(work, "imgtool", "verify", "-k", "key.pem", "bad.img", expect=1).stderr
    (work / "short.img").write_bytes(image[:0x900])
    for command in ("verify", "dumpinfo"):
        assert b"truncated" in run(work, "imgtool", command, "short.img", expect=1).stderr


def check_max_size(work):
    """The figure that the bootloader refuses by, of both modes, and why there is none."""
    for words, size in ((("-S", "0xf4000"), 0xf2000), (("-S", "0xf4000", "--secondary-size", "0xf5000"), 0xf3000),
                        (("-S", "512K", "--sector", "64K"), 6 * 64 * 1024),
                        (("-m", "direct-xip", "-S", "0xf4000"), 0xf4000 - 40),
                        (("-m", "ram-load", "-S", "0xf4000", "--ram-size", "0x8000"), 0x8000),
                        (("-m", "single-app", "-S", "0xf4000"), 0xf4000),
                        (("-m", "overwrite-only", "-S", "0xf4000"), 0xf4000 - 40),
                        (("-m", "overwrite-only", "-S", "0xf4000", "--secondary-align", "16"), 0xf4000 - 64)):
        assert int(run(work, "imgtool", "max-size", *words).stdout) == size, words
    failed = run(work, "imgtool", "max-size", "-S", "0xf4000", "--secondary-sector", "8192", expect=1)
    assert b"no image can be installed" in failed.stderr and b"secondary 122 of 8192" in failed.stderr, failed.stderr
    run(work, "imgtool", "max-size", expect=2)
    run(work, "imgtool", "max-size", "-S", "1M", "-m", "telepathy", expect=2)


def check_bad_usage(work):
    run(work, "imgtool", "sign", "app.bin", "x.img", expect=2)
    run(work, *SIGN, "app.bin", expect=2)
    run(work, *SIGN, "--nonsense", "app.bin", "x.img", expect=2)
    run(work, *SIGN, "--fix-sig", "x", "app.bin", "x.img", expect=2)
    run(work, *SIGN, "-k", "app.bin", "app.bin", "x.img", expect=1)
    run(work, *SIGN, "-k", "none.pem", "app.bin", "x.img", expect=1)
    run(work, *SIGN, "app.bin", "x.hex", expect=1)
    run(work, *SIGN, "--max-image-size", "2K", "app.bin", "x.img", expect=1)
    run(work, "imgtool", "sign", "-v", "1", "-H", "32", "-S", "0x8000", "--pad-header", "--sig-out", "s", "app.bin", "x.img",
        expect=1)
    run(work, "imgtool", "keygen", "-k", "x.pem", "-t", "ecdsa-p521", expect=2)
    run(work, "hex", "merge", "app.hex", expect=2)
    run(work, "hex", "merge", "-o", "m.hex", "app.bin", expect=1)
    (work / "cut.hex").write_bytes((work / "app.hex").read_bytes()[:-20])
    assert b"line " in run(work, "hex", "merge", "-o", "m.hex", "cut.hex", expect=1).stderr
    (work / "far.hex").write_text(":0100000000FF\n:02000004FFFFFC\n:0100000000FF\n:00000001FF\n")
    run(work, "imgtool", "verify", "far.hex", expect=1)
    run(work, "hex", "merge", "-o", "m.bin", "far.hex", expect=1)
    for name in ("x.img", "x.hex", "x.pem", "m.hex", "m.bin", "s"):
        assert not (work / name).exists(), f"{name} was left behind"


def check_unwritable_outputs(work):
    for words in (("getpub", "-k", "key.pem"), ("dumpinfo", "app.img"), ("verify", "app.img"), ("version",)):
        with open("/dev/full", "wb") as full:
            run(work, "imgtool", *words, expect=1, stdout=full, stderr=subprocess.DEVNULL)
    run(work, "imgtool", "getpub", "-k", "key.pem", "-o", "no/such/dir", expect=1)
    run(work, *SIGN, "app.bin", "no/such/dir", expect=1)


def on_terminal(work, answers, *words):
    """Runs the command on a terminal of its own and answers each question; returns the exit status."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(work)
        os.execv(FARBOOT, [FARBOOT, *words])
    for answer in answers:
        seen = b""
        while b": " not in seen:
            seen += os.read(terminal, 100)
        os.write(terminal, answer.encode() + b"\n")
    try:
        while os.read(terminal, 100):
            pass
    except OSError:
        pass  # the other end has closed
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def check_passphrase(work):
    assert on_terminal(work, ["open sesame", "open sesame"], "imgtool", "keygen", "-p", "-k", "safe.pem", "-t", "ecdsa-p256") == 0
    assert b"ENCRYPTED" in (work / "safe.pem").read_bytes()
    assert on_terminal(work, ["open sesame"], "imgtool", "getpub", "-k", "safe.pem", "-o", "safe.c") == 0
    assert b"ecdsa_pub_key" in (work / "safe.c").read_bytes()
    assert on_terminal(work, ["wrong guess"], "imgtool", "getpub", "-k", "safe.pem", "-o", "wrong.c") == 1
    assert not (work / "wrong.c").exists()


def main():
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        check_help(work)
        check_life_of_an_image(work)
        check_max_size(work)
        check_bad_usage(work)
        check_unwritable_outputs(work)
        check_passphrase(work)


if __name__ == "__main__":
    FARBOOT = os.path.abspath(FARBOOT)
    main()
