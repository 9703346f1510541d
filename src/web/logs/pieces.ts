import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** Bytes that are read at once. */
const pieceSize = 256 * 1024;

/** A part of a file. Its bytes are overwritten when the next piece is read. */
export interface Piece {
  data: Buffer;
  /** position of its first byte */
  offset: number;
}

/** Reads a file piece by piece from a position, until its end or until `take` returns false. */
export async function scan(handle: FileHandle, from: number, take: (piece: Piece) => boolean): Promise<void> {
  const buffer = Buffer.allocUnsafe(pieceSize);
  for (let position = from; ; ) {
    const { bytesRead } = await handle.read(buffer, { position });
    if (bytesRead === 0 || !take({ data: buffer.subarray(0, bytesRead), offset: position })) return;
    position += bytesRead;
  }
}

/** As `scan`, in one call, for a process that has nothing else to do. @param file number of an open file */
export function scanAtOnce(file: number, from: number, take: (piece: Piece) => boolean): void {
  const buffer = Buffer.allocUnsafe(pieceSize);
  for (let position = from; ; ) {
    const bytesRead = readSync(file, buffer, 0, pieceSize, position);
    if (bytesRead === 0 || !take({ data: buffer.subarray(0, bytesRead), offset: position })) return;
    position += bytesRead;
  }
}
