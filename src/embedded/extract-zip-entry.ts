import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/** Field offsets and signatures of the PKWARE APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16. */
const END = { signature: 0x06054b50, bytes: 22, commentBytesMax: 0xffff } as const;
const CENTRAL = { signature: 0x02014b50, bytes: 46 } as const;
const LOCAL = { signature: 0x04034b50, bytes: 30 } as const;
const METHOD_DEFLATE = 8;
/** A wheel's directory is a few hundred bytes; more is not a wheel of ours. */
const DIRECTORY_BYTES_MAX = 1024 * 1024;

export interface ZipEntryRequest {
  readonly archive: string;
  readonly entry: string;
  /** Written anew with `mode`, synced to disk; removed again when anything does not fit. */
  readonly target: string;
  readonly mode: number;
  readonly sha256: string;
  readonly bytes: number;
}

interface EntryPlace {
  readonly dataStart: number;
  readonly packedBytes: number;
}

/**
 * Unpacks one deflated entry and proves it: exactly `bytes` long with exactly this `sha256`.
 * Reads only what it needs of a plain zip (no zip64, no encryption), every offset checked against the
 * file's length before it is followed.
 *
 * @throws Error naming what did not fit; `target` does not exist then.
 */
export async function extractZipEntry(request: ZipEntryRequest): Promise<void> {
  const place = await findEntry(request.archive, request.entry);
  try {
    await unpack(request, place);
  } catch (error) {
    await rm(request.target, { force: true });
    throw error;
  }
}

async function findEntry(archive: string, name: string): Promise<EntryPlace> {
  const file = await open(archive, 'r');
  try {
    const { size } = await file.stat();
    const directory = await readDirectory(file, size);
    const central = findCentralHeader(directory, name);
    return await placeOf(file, size, central);
  } finally {
    await file.close();
  }
}

async function readDirectory(file: FileHandle, fileBytes: number): Promise<Buffer> {
  const tailBytes = Math.min(fileBytes, END.bytes + END.commentBytesMax);
  const tail = await readExactly(file, fileBytes - tailBytes, tailBytes, fileBytes);
  for (let at = tail.length - END.bytes; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== END.signature) continue;
    const directoryBytes = tail.readUInt32LE(at + 12);
    const directoryStart = tail.readUInt32LE(at + 16);
    if (directoryBytes > DIRECTORY_BYTES_MAX) throw new Error('the zip directory is too large');
    return readExactly(file, directoryStart, directoryBytes, fileBytes);
  }
  throw new Error('this is not a zip archive');
}

function findCentralHeader(directory: Buffer, name: string): Buffer {
  let at = 0;
  while (at + CENTRAL.bytes <= directory.length) {
    if (directory.readUInt32LE(at) !== CENTRAL.signature) break;
    const nameBytes = directory.readUInt16LE(at + 28);
    const nameStart = at + CENTRAL.bytes;
    if (directory.toString('utf8', nameStart, nameStart + nameBytes) === name) {
      return directory.subarray(at, nameStart);
    }
    at = nameStart + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  throw new Error(`the archive has no entry ${name}`);
}

async function placeOf(file: FileHandle, fileBytes: number, central: Buffer): Promise<EntryPlace> {
  if (central.readUInt16LE(10) !== METHOD_DEFLATE) throw new Error('the entry is not deflated');
  const packedBytes = central.readUInt32LE(20);
  const localStart = central.readUInt32LE(42);
  const local = await readExactly(file, localStart, LOCAL.bytes, fileBytes);
  if (local.readUInt32LE(0) !== LOCAL.signature) throw new Error('the entry has no local header');
  const dataStart = localStart + LOCAL.bytes + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (packedBytes === 0 || dataStart + packedBytes > fileBytes) {
    throw new Error('the entry reaches beyond the archive');
  }
  return { dataStart, packedBytes };
}

async function readExactly(
  file: FileHandle,
  start: number,
  bytes: number,
  fileBytes: number,
): Promise<Buffer> {
  if (start < 0 || start + bytes > fileBytes) throw new Error('the archive is cut short');
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, start);
  if (bytesRead !== bytes) throw new Error('the archive is cut short');
  return buffer;
}

async function unpack(request: ZipEntryRequest, place: EntryPlace): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      // Stops a decompression bomb before it fills the disk.
      if (bytes > request.bytes) {
        done(new Error('the entry is larger than it should be'));
        return;
      }
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const end = place.dataStart + place.packedBytes - 1;
  await pipeline(
    createReadStream(request.archive, { start: place.dataStart, end }),
    createInflateRaw(),
    measure,
    createWriteStream(request.target, { flags: 'wx', mode: request.mode, flush: true }),
  );
  if (bytes !== request.bytes) throw new Error('the entry is shorter than it should be');
  if (hash.digest('hex') !== request.sha256) throw new Error('the entry has another SHA-256');
}
