"""Packs a megabyte or two, some of it random, in every way that rowtime unpacks, into the folder that is named."""
import io
import random
import struct
import sys
import zipfile

import cramjam

folder = sys.argv[1]
chance = random.Random(7)
lines = ['{"n":%d,"text":"%s"}\n' % (n, "".join(chance.choices("abcdef", k=chance.randrange(60)))) for n in range(30_000)]
data = "".join(lines).encode() + chance.randbytes(300_000)


def write(name, content):
    with open(f"{folder}/{name}", "wb") as file:
        file.write(content)


class Pipe(io.RawIOBase):
    """Cannot be gone back in: sizes and checksum come behind the data."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, content):
        self.content += bytes(content)
        return len(content)


def zipped(file, method, zip64=False):
    with zipfile.ZipFile(file, "w", method) as archive:
        info = zipfile.ZipInfo("captains", (2024, 1, 1, 0, 0, 0))
        info.compress_type = method
        with archive.open(info, "w", force_zip64=zip64) as entry:
            entry.write(data)
    return file.content if isinstance(file, Pipe) else file.getvalue()


write("plain", data)
write("seekable.zip", zipped(io.BytesIO(), zipfile.ZIP_DEFLATED))
write("streamed.zip", zipped(Pipe(), zipfile.ZIP_DEFLATED))
write("zip64.zip", zipped(Pipe(), zipfile.ZIP_DEFLATED, zip64=True))
write("stored.zip", zipped(io.BytesIO(), zipfile.ZIP_STORED))
write("framed.snappy", bytes(cramjam.snappy.compress(data)))
write("block", bytes(cramjam.snappy.compress_raw(data)))


def blocks(size):
    for at in range(0, len(data), size):
        block = data[at : at + size]
        yield block, bytes(cramjam.snappy.compress_raw(block))


java = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
write("java.snappy", java + b"".join(struct.pack(">i", len(packed)) + packed for _, packed in blocks(32 << 10)))
hadoop = (struct.pack(">ii", len(block), len(packed)) + packed for block, packed in blocks(256 << 10))
write("hadoop.snappy", b"".join(hadoop))
