"""The SMP client that others wrote (smpclient 7) against our server: the same update as farboot smp does.

usage: smpclient_upload.py FARBOOT PTY_SERVER|FIRMWARE_DIR [QEMU_BOARD NAME]

With a directory (builds smp_offset and smp_offset_v2 below it) the server is the real application on the virtual board;
with a board it is the one of the builds NAME and NAME_v2 under QEMU.

Exits with 77 when smpclient is not installed in build/venv.
"""
import asyncio
import os
import pathlib
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV_PYTHON = ROOT / "build/venv/bin/python"

if not VENV_PYTHON.exists():
    print("skipped: no build/venv (scripts/setup --check makes it)")
    sys.exit(77)
if pathlib.Path(sys.prefix).resolve() != (ROOT / "build/venv").resolve():
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), __file__, *sys.argv[1:]])

try:
    from smpclient import SMPClient
    from smpclient.generics import error_v2, success
    from smpclient.requests.image_management import ImageErase, ImageStatesRead, ImageStatesWrite, ImageUploadWrite
    from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead, ResetWrite
    from smpclient.transport.serial import SMPSerialTransport
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.path += [str(ROOT / "tests/smp"), str(ROOT / "tests/qemu")]
from device import board, device, make_image  # noqa: E402
from qemu_device import Device  # noqa: E402

FARBOOT, SERVER = sys.argv[1], pathlib.Path(sys.argv[2])


async def ask(client, request):
    response = await client.request(request)
    assert success(response), response
    return response


async def states(client):
    return {state.slot: state for state in (await ask(client, ImageStatesRead())).images}


async def expect_code(client, request, code):
    """Version 2 of the protocol: an error names its group and a code of that group."""
    response = await client.request(request)
    assert error_v2(response), response
    assert response.err.rc == code, response


async def update(port, directory):
    image = make_image(FARBOOT, directory / "v2.bin", "2.0.0", 100000)
    async with SMPClient(SMPSerialTransport(), str(port)) as client:
        assert (await ask(client, EchoWrite(d="hello"))).r == "hello"
        assert (await ask(client, MCUMgrParametersRead())).buf_size == 1024

        offsets = [off async for off in client.upload(image)]
        assert offsets[-1] == len(image) and len(offsets) < 130, offsets
        after = await states(client)
        assert after[0].version == "1.0.0" and after[0].active and after[0].confirmed
        assert after[1].version == "2.0.0" and not after[1].pending

        await ask(client, ImageStatesWrite(hash=after[1].hash))
        after = await states(client)
        assert after[1].pending and not after[1].permanent
        await ask(client, ImageStatesWrite(hash=after[1].hash, confirm=True))
        assert (await states(client))[1].permanent
        await expect_code(client, ImageStatesWrite(hash=after[1].hash), 28)
        await expect_code(client, ImageStatesWrite(hash=bytes(32)), 8)
        await expect_code(client, ImageStatesWrite(hash=after[0].hash), 33)
        await expect_code(client, ImageUploadWrite(off=0, data=bytes(64), len=1000), 23)

        await ask(client, ImageStatesWrite(confirm=True))
        await ask(client, ImageErase())
        assert list(await states(client)) == [0]
        await ask(client, ResetWrite())


async def resume(port, directory):
    """One client is interrupted; the other goes on where it stopped."""
    image = make_image(FARBOOT, directory / "v3.bin", "3.0.0", 100000)
    async with SMPClient(SMPSerialTransport(), str(port)) as client:
        async for off in client.upload(image):
            if off > len(image) // 2:
                break
    async with SMPClient(SMPSerialTransport(), str(port)) as client:
        offsets = [off async for off in client.upload(image)]
        assert offsets[0] >= off and offsets[-1] == len(image), offsets
        assert (await states(client))[1].version == "3.0.0"


async def update_board(port, image):
    async with SMPClient(SMPSerialTransport(), str(port)) as client:
        assert [off async for off in client.upload(image)][-1] == len(image)
        await ask(client, ImageStatesWrite(hash=(await states(client))[1].hash))
        await ask(client, ResetWrite())


async def confirm(port):
    async with SMPClient(SMPSerialTransport(), str(port)) as client:
        before = await states(client)
        assert before[0].version == "2.0.0" and not before[0].confirmed and before[1].confirmed
        await ask(client, ImageStatesWrite(confirm=True))
        assert (await states(client))[0].confirmed
        await ask(client, ResetWrite())


def on_qemu(name, build):
    with tempfile.TemporaryDirectory() as directory, Device(name, directory) as running:
        running.board.load(SERVER / build / "merged.hex")
        running.start()
        running.expect("1.0.0", "confirmed")
        asyncio.run(update_board(running.port, (SERVER / f"{build}_v2/app_update.bin").read_bytes()))
        running.expect("2.0.0", "test")
        asyncio.run(confirm(running.port))
        running.expect("2.0.0", "confirmed")


def main():
    if len(sys.argv) > 3:
        on_qemu(*sys.argv[3:5])
    elif SERVER.is_dir():
        with board(FARBOOT, SERVER) as running:
            asyncio.run(update_board(running.port, (SERVER / "smp_offset_v2/app_update.bin").read_bytes()))
            running.wait("smp_update 2.0.0 (slot primary, test)")
            asyncio.run(confirm(running.port))
            running.wait("smp_update 2.0.0 (slot primary, confirmed)")
    else:
        with device(FARBOOT, SERVER) as (port, directory):
            asyncio.run(update(port, directory))
            asyncio.run(resume(port, directory))
    print("smpclient: passed")


if __name__ == "__main__":
    main()
