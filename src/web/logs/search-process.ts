import { closeSync, openSync } from 'node:fs';
import { serveTasks } from '../../system/task-server.ts';
import { PieceSearch } from './piece-search.ts';
import { scanAtOnce } from './pieces.ts';
import type { SearchTask } from './searches.ts';

/** The process of searches.ts. */
serveTasks(({ file, ...searched }: SearchTask) => {
  const search = new PieceSearch(searched);
  const handle = openSync(file, 'r');
  try {
    scanAtOnce(handle, searched.from.position, (piece) => search.take(piece));
  } finally {
    closeSync(handle);
  }
  return search.end();
});
