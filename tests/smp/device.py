"""A device on a pseudo terminal (pty_server) with a signed image in its primary slot, for tests of SMP clients."""
import contextlib
import pathlib
import random
import subprocess
import tempfile


def make_image(farboot, path, version, size, seed=1):
    """An image with a digest and no signature, as `farboot imgtool sign` makes it."""
    payload = pathlib.Path(str(path) + ".payload")
    payload.write_bytes(random.Random(seed).randbytes(size))
    subprocess.run([farboot, "imgtool", "sign", "--header-size", "0x200", "--pad-header", "--align", "4", "--version",
                    version, "--slot-size", "0x100000", str(payload), str(path)], check=True)
    return path.read_bytes()


@contextlib.contextmanager
def device(farboot, server, *options):
    """Yields (port, directory); the primary slot holds version 1.0.0."""
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        port = directory / "port"
        make_image(farboot, directory / "v1.bin", "1.0.0", 20000)
        process = subprocess.Popen([server, str(port), str(directory / "v1.bin"), *options], stdout=subprocess.PIPE,
                                   text=True)
        try:
            assert process.stdout.readline() == "ready\n"
            yield port, directory
            assert process.poll() is None, "the device died"
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()
