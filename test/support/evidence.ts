import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Run {
  id: string;
  /** milliseconds since 1970 */
  startedAt: number;
  lastBeat: number;
  /** number of its signs of life */
  beats: number;
  ended: boolean;
}

/** What jobs themselves record about their runs, independently of Volt. */
export class Evidence {
  readonly folder = mkdtempSync(join(tmpdir(), 'volt-evidence-'));

  /**
   * A test script that records when it starts, lives and ends, and prints a numbered line at each sign of life.
   * @param beats tenths of a second that it takes, if `end` does not end it before
   * @param first the same for its first run, for example because that will be interrupted
   */
  script(beats: number, first = beats): string {
    return [
      '#!/bin/bash',
      `file=${this.folder}/$(git rev-parse HEAD)`,
      'id=$(cat /proc/sys/kernel/random/uuid)',
      'say() { echo "$1 $id ${EPOCHREALTIME/[.,]/}" >> "$file"; }',
      `[ -e "$file" ] && beats=${beats} || beats=${first}`,
      'say start',
      'for ((i = 0; i < beats; i++)); do [ -e "$file.end" ] && break; sleep 0.1; say beat; echo "$id $i"; done',
      'say end',
      '',
    ].join('\n');
  }

  /** Has the test of a commit end, in its present run and in later ones. */
  end(sha: string): void {
    writeFileSync(join(this.folder, `${sha}.end`), '');
  }

  /** The runs of a commit, by the time they started. */
  runs(sha: string): Run[] {
    const file = join(this.folder, sha);
    const runs = new Map<string, Run>();
    for (const line of existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []) {
      const [word, id = '', time = '0'] = line.split(' ');
      const at = Math.floor(Number(time) / 1000);
      const run = runs.get(id) ?? { id, startedAt: at, lastBeat: at, beats: 0, ended: false };
      const beats = run.beats + (word === 'beat' ? 1 : 0);
      runs.set(id, { ...run, lastBeat: at, beats, ended: run.ended || word === 'end' });
    }
    return [...runs.values()].sort((a, b) => a.startedAt - b.startedAt);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
