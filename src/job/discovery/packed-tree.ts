import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import * as z from 'zod';

/** What discovery is given of a commit. */
export const treeListing = z.object({
  files: z.array(z.object({ path: z.string(), executable: z.boolean() })),
  /** texts of the files that describe projects, by path */
  texts: z.array(z.tuple([z.string(), z.string()])),
  /** whether the commit has more files, or more texts, than are here */
  isCut: z.boolean(),
});
export type TreeListing = z.infer<typeof treeListing>;

/** Bytes of an unpacked listing: what readTree reads, with each character escaped as JSON escapes control characters. */
const mostBytes = 30_000_000;

const compress = promisify(gzip);

/**
 * A listing as a text for a message: base64 of gzip.
 * @param limit characters; of a listing that does not fit, the deepest files are left out
 */
export async function packTree(listing: TreeListing, limit: number): Promise<string> {
  for (let left = listing; ; ) {
    const names = left.files.map(({ path, executable }) => (executable ? `*${path}` : ` ${path}`));
    const packed = (await compress(JSON.stringify([names, left.texts, left.isCut]))).toString('base64');
    if (packed.length <= limit) return packed;
    const half = <T>(list: T[]) => list.slice(0, Math.floor(list.length / 2));
    left = { files: half(left.files), texts: half(left.texts), isCut: true };
  }
}

const packed = z.tuple([z.array(z.string()), treeListing.shape.texts, z.boolean()]);

/** @throws Error if it was not made by `packTree` */
export function unpackTree(text: string): TreeListing {
  const bytes = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: mostBytes });
  const [names, texts, isCut] = packed.parse(JSON.parse(bytes.toString()));
  return { files: names.map((name) => ({ path: name.slice(1), executable: name[0] === '*' })), texts, isCut };
}
