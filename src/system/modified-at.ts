import { stat } from 'node:fs/promises';

/** When a file or folder was last modified (ms since 1970); undefined where it does not exist. */
export async function modifiedAt(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
