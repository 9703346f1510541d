import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What one run of a job recorded about itself, independently of Volt. Times in ms. */
export interface Run {
  sha: string;
  id: string;
  /** name of the runner, from its folder */
  runner: string;
  startedAt: number;
  lastBeat: number;
  /** for a run in a container, the step that was the last one; else empty */
  phase: string;
  /** number of lines that it had printed at its end; undefined for a run that was interrupted */
  lines: number | undefined;
}

/** Subject of a commit whose job kills every runner that runs it. */
export const poison = 'poison';

/** A test script that records its start, each tenth of a second of its life, and its end, and that prints lines. */
export function evidenceScript(folder: string): string {
  return [
    '#!/bin/bash',
    'sha=$(git rev-parse HEAD)',
    `file=${folder}/$sha`,
    'id=$(cat /proc/sys/kernel/random/uuid)',
    'lines=0',
    'say() { echo "$1 $id $EPOCHREALTIME $2" >> "$file"; }',
    'say start "$PWD"',
    // in a process apart from the one that prints, because unread output would block it while the job lives
    'beat() { while sleep 0.1; do say beat; done; }',
    'beat >/dev/null 2>&1 &',
    'beating=$!',
    // one in five is long enough to still run when its job is taken back, unless somebody ends it
    'byte=$((16#$' + '{sha:0:2}))',
    'tenths=$((byte % 5 == 0 ? 80 + byte / 13 : 8 + byte % 15))',
    // a job that kills runners lasts until they are dead
    `[ "$(git log -1 --format=%s)" = ${poison} ] && tenths=1200`,
    'for (( ; tenths > 0; tenths--)); do',
    '  for ((i = 0; i < 20; i++)); do echo "$id $((++lines))"; done',
    '  sleep 0.1',
    'done',
    'kill "$beating"',
    'wait "$beating"',
    'say end "$lines"',
    '',
  ].join('\n');
}

/** The folder of the jobs' evidence, with a file for each commit. */
export class Evidence {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder);
  }

  /** The runs of a commit, by the time they started. */
  runs(sha: string): Run[] {
    const runs = new Map<string, Run>();
    for (const line of readLines(join(this.folder, sha))) {
      const [word, id = '', time = '0', more = ''] = line.split(' ');
      const at = Number(time) * 1000;
      const run = runs.get(id) ?? { sha, id, runner: '', startedAt: at, lastBeat: at, phase: '', lines: undefined };
      run.lastBeat = at;
      if (word === 'start') run.runner = /\/runner-([^/]+)\//.exec(more)?.[1] ?? '';
      if (word === 'beat') run.phase = more;
      if (word === 'end') run.lines = Number(more);
      runs.set(id, run);
    }
    return [...runs.values()].sort((a, b) => a.startedAt - b.startedAt);
  }

  all(): Map<string, Run[]> {
    return new Map(readdirSync(this.folder).map((sha) => [sha, this.runs(sha)]));
  }

  /** Runs that were alive a moment ago. */
  live(): Run[] {
    const recent = Date.now() - 500;
    return (
      readdirSync(this.folder)
        .filter((sha) => statSync(join(this.folder, sha)).mtimeMs > recent)
        .flatMap((sha) => this.runs(sha))
        // a job in a container goes on after it has printed all
        .filter((run) => (run.lines === undefined || run.phase !== '') && run.lastBeat > recent)
    );
  }
}

function readLines(file: string): string[] {
  try {
    // the part after the last newline is still being written
    return readFileSync(file, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}
