import { setTimeout as pause } from 'node:timers/promises';
import type { Build, BuildSummary, JobId } from '../../src/kernel/model.ts';

export interface FleetStatus {
  stages: { kind: string; members: unknown[] }[];
  runners: { count: number };
  queues: { name: string; failed: number }[];
}

/** Reads Volt's public API from whichever web stage answers. */
export class Api {
  readonly #servers: readonly string[];

  constructor(servers: readonly string[]) {
    this.#servers = servers;
  }

  /** Address of a web stage. */
  get first(): string {
    return this.#servers[0] ?? '';
  }

  async status(): Promise<FleetStatus> {
    return (await this.#get('/status')).json() as Promise<FleetStatus>;
  }

  async builds(): Promise<BuildSummary[]> {
    const builds: BuildSummary[] = [];
    let before = '';
    for (;;) {
      const answer = await this.#get(`/builds?limit=500${before}`);
      const page = (await answer.json()) as { builds: BuildSummary[]; next: string | null };
      builds.push(...page.builds);
      if (page.next === null) return builds;
      before = `&before=${page.next}`;
    }
  }

  /** The newest build of a commit, if there is one. */
  async newest(sha: string): Promise<BuildSummary | undefined> {
    const answer = await this.#get(`/builds?sha=${sha}&limit=1`);
    return ((await answer.json()) as { builds: BuildSummary[] }).builds[0];
  }

  async build(id: string): Promise<Build> {
    return (await this.#get(`/builds/${id}`)).json() as Promise<Build>;
  }

  async log(job: JobId): Promise<string> {
    return (await this.#get(`/jobs/${job}/log`)).text();
  }

  /** Resolves with true when every web stage answers, or with false if that takes more than half a minute. */
  async answers(signal: AbortSignal): Promise<boolean> {
    const until = Date.now() + 30_000;
    while (Date.now() < until && !signal.aborted) {
      const probes = this.#servers.map((server) => fetch(`${server}/healthz`, { signal: AbortSignal.timeout(1000) }));
      const answers = await Promise.allSettled(probes);
      if (answers.every((answer) => answer.status === 'fulfilled')) return true;
      await pause(20);
    }
    return false;
  }

  async #get(path: string): Promise<Response> {
    let failure: unknown;
    for (const server of this.#servers) {
      try {
        const answer = await fetch(`${server}/api/v1${path}`, { signal: AbortSignal.timeout(10_000) });
        if (answer.ok) return answer;
        failure = new Error(`${path}: ${answer.status} ${await answer.text()}`);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
