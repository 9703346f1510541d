import { type FileHandle, open, stat } from 'node:fs/promises';
import { systemCode } from '../../kernel/errors.ts';

/** Bytes that are read at once. */
const pieceSize = 64 * 1024;

/** The size in bytes of an archived log; 0 if nothing is archived yet. */
export async function logSize(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** A stream of the bytes from `start` to before `end` of a file. */
export function fileBytes(file: string, start: number, end: number): ReadableStream<Uint8Array> {
  let handle: FileHandle | undefined;
  let at = start;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          handle ??= await open(file);
          const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(pieceSize, end - at)), {
            position: at,
          });
          at += bytesRead;
          if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
          // a file that was cut since ends the answer early; the client sees it by the content length
          if (bytesRead > 0 && at < end) return;
          await handle.close();
          controller.close();
        } catch (error) {
          await handle?.close().catch(() => undefined);
          throw error;
        }
      },
      cancel: async () => {
        await handle?.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Reads a log that may still grow, as text. */
export class LogReader {
  readonly #file: string;
  #handle: FileHandle | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * The text from a position in bytes, up to a limited length.
   * @param over whether the log is complete; if not, an incomplete character at the end is left for the next read
   * @returns the text and the position after its last byte, or undefined if there is none
   */
  async read(position: number, over: boolean): Promise<{ text: string; end: number } | undefined> {
    this.#handle ??= await openIfThere(this.#file);
    if (!this.#handle) return undefined;
    const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(pieceSize), { position });
    const bytes = buffer.subarray(0, bytesRead);
    const whole = over && bytesRead < pieceSize ? bytesRead : bytesRead - unfinished(bytes);
    return whole === 0 ? undefined : { text: bytes.toString('utf8', 0, whole), end: position + whole };
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }
}

/** The file, or undefined if nothing is archived yet. */
export async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** How many bytes at the end belong to an incomplete UTF-8 character (RFC 3629). */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? back : 0;
    }
    if (byte < 0x80) return 0;
  }
  return 0;
}
