import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './pages.ts';

/** `npm run docs`: writes what is made of the sources. A test says when it was forgotten. */
for (const { file, text } of pages()) writeFileSync(join(import.meta.dirname, '..', file), text);
