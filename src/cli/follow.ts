import { VoltError } from '../kernel/errors.ts';
import { type Build, isFinal, type Job, type JobId, type Reason, type Status } from '../kernel/model.ts';
import { pause } from '../kernel/wait.ts';
import type { Client } from './client.ts';
import { paint, write } from './terminal.ts';

interface LogEnd {
  status: Status;
  reason: Reason | null;
  message: string | null;
}

/** A stream that breaks is taken up again for this many milliseconds. */
const patience = 30_000;

/**
 * Writes the logs of jobs to standard output while they grow, one after the other, each until its job is final.
 * What stands between the logs goes to standard error, so that standard output holds nothing but logs.
 */
export async function followLogs(client: Client, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) {
    if (jobs.length > 1) process.stderr.write(`${logHeading(job.name)}\n`);
    await followLog(client, job.id);
  }
}

/** Stands above each of several logs. */
export function logHeading(name: string): string {
  return paint('dim', `── ${name}`);
}

async function followLog(client: Client, job: JobId): Promise<LogEnd> {
  let last: string | undefined;
  let connected = false;
  let brokenAt: number | undefined;
  for (;;) {
    try {
      for await (const { event, data, id } of client.events(`/jobs/${job}/log?follow=1`, last)) {
        connected = true;
        brokenAt = undefined;
        last = id;
        if (event === 'chunk') await write(JSON.parse(data) as string);
        else if (event === 'attempt') process.stderr.write(`${logHeading('another attempt: its log begins anew')}\n`);
        else if (event === 'end') return JSON.parse(data) as LogEnd;
      }
    } catch (error) {
      const lasting = error instanceof VoltError && error.code !== 'web_unreachable';
      brokenAt ??= Date.now();
      if (lasting || !connected || Date.now() - brokenAt > patience) throw error;
    }
    await pause(500);
  }
}

/** Waits until a build is final, for as long as it takes; its jobs have time limits of their own. */
export async function awaitFinal(client: Client, build: Build): Promise<Build> {
  let current = build;
  while (!isFinal(current.status)) {
    await pause(200);
    current = await client.get<Build>(`/builds/${build.id}`);
  }
  return current;
}
