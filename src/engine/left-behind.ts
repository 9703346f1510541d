import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText } from '../kernel/errors.ts';
import { parseJson } from '../system/parse-json.ts';
import { hasEnded, processMark } from '../system/process-mark.ts';
import { readText } from '../system/read-text.ts';
import { writeWhole } from '../system/write-whole.ts';
import type { Engine } from './engine.ts';
import { engineAt } from './find-engine.ts';
import { labelValues } from './label-values.ts';
import { removeLabelled } from './remove-labelled.ts';

/** Label with the `processMark` of the runner's process. */
export const processLabel = 'volt.process';

/** What a runner's process has in an engine. */
const noteSchema = z.object({
  socket: z.string(),
  labels: z.record(z.string(), z.string()),
});
type Note = z.infer<typeof noteSchema>;

/** Notes of the processes with a data directory that have an engine, so that the next one knows what to remove. */
export class EngineNotes {
  readonly #dataDir: string;
  readonly #folder: string;
  readonly #own: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
    this.#folder = join(dataPaths(dataDir).engine, 'sessions');
    this.#own = join(this.#folder, randomBytes(8).toString('hex'));
  }

  /** Notes what this process has. */
  add(note: Note): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeWhole(this.#own, JSON.stringify(note));
  }

  /** To be called when this process has nothing in the engine any more. */
  remove(): void {
    rmSync(this.#own, { force: true });
  }

  /**
   * Removes what killed processes have left, where their keepers were killed, too.
   * @param warn takes why it could not be removed
   */
  async sweep(warn: (message: string) => void): Promise<void> {
    const names = existsSync(this.#folder) ? readdirSync(this.#folder) : [];
    for (const file of names.map((name) => join(this.#folder, name))) {
      const note = noteSchema.safeParse(parseJson(readText(file) ?? '')).data;
      if (!note || !hasEnded(note.labels[processLabel] ?? '')) continue;
      try {
        await removeLabelled(await engineAt(note.socket, this.#dataDir), note.labels);
        rmSync(file, { force: true });
      } catch (error) {
        warn(`cannot remove containers of an earlier start: ${errorText(error)}`);
      }
    }
  }
}

/**
 * Removes what ended processes of this machine have left in an engine, whatever runner they were.
 * @param record id of the database; nothing of another one is removed
 * @throws EngineRefusal, VoltError `engine_failed`
 */
export async function sweepEnded(engine: Engine, record: string): Promise<void> {
  const labels = { 'volt.record': record };
  for (const mark of await labelValues(engine, labels, processLabel))
    if (hasEnded(mark)) await removeLabelled(engine, { ...labels, [processLabel]: mark });
}

/** The label that tells what this process has made. */
export function ownProcessLabel(): Record<string, string> {
  return { [processLabel]: processMark() };
}
