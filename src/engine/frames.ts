/** Docker's frames: a byte for the stream, three of zero, and the length as a big-endian number of four bytes. */
const header = 8;

/**
 * Takes the frames of a command's output apart. The streams are passed on in the order in which the engine sends them.
 * @param content of an answer of the engine
 * @param output gets the output; while a promise that it returns is pending, nothing more is read
 */
export async function readFrames(
  content: AsyncIterable<Buffer>,
  output: (chunk: Buffer) => void | Promise<void>,
): Promise<void> {
  let head: Buffer = Buffer.alloc(0);
  /** bytes of the present frame that are still to come */
  let left = 0;
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length; ) {
      if (left === 0) {
        const part = chunk.subarray(at, at + header - head.length);
        head = head.length === 0 ? part : Buffer.concat([head, part]);
        at += part.length;
        if (head.length < header) break;
        left = head.readUInt32BE(4);
        head = Buffer.alloc(0);
        continue;
      }
      const piece = chunk.subarray(at, at + left);
      at += piece.length;
      left -= piece.length;
      await output(piece);
    }
  }
  if (left > 0 || head.length > 0) throw new Error('the output ends within a frame');
}
