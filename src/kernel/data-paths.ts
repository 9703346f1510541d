import { join } from 'node:path';
import { type AttemptRef, attemptName, buildIdOf } from './model.ts';

/** The archived log of an attempt. */
export function logFile(dataDir: string, ref: AttemptRef): string {
  return join(dataPaths(dataDir).logs, buildIdOf(ref.job), `${attemptName(ref)}.log`);
}

/** The times of an attempt's log: when which byte arrived, see reporter/archive.ts. */
export function logTimesFile(dataDir: string, ref: AttemptRef): string {
  return `${logFile(dataDir, ref)}.times`;
}

/** The spool of an attempt's log on the runner's disk. @param runner its name */
export function spoolFile(dataDir: string, runner: string, ref: AttemptRef): string {
  return join(dataPaths(dataDir).work, runner, 'spool', `${attemptName(ref)}.log`);
}

/** Paths in the data directory. */
export function dataPaths(dataDir: string) {
  return {
    root: dataDir,
    record: join(dataDir, 'volt.db'),
    lock: join(dataDir, 'up.lock'),
    token: join(dataDir, 'token'),
    secretsKey: join(dataDir, 'secrets.key'),
    /** private key of this directory's runners, readable for them only */
    runnerKey: join(dataDir, 'keys', 'runner'),
    /** its public key: runners write the folder, stages with the database read it */
    runnerPublicKey: join(dataDir, 'runner-key', 'runner.pub'),
    /** public key of Volt: stages with the database write the folder, runners read it */
    voltKey: join(dataDir, 'volt-key', 'volt.pub'),
    webUrl: join(dataDir, 'web.url'),
    signInUrl: join(dataDir, 'sign-in.url'),
    redis: join(dataDir, 'redis'),
    redisUrl: join(dataDir, 'redis', 'url'),
    /** address of the Redis of `volt up` for runners on other machines */
    runnerRedisUrl: join(dataDir, 'redis', 'runner-url'),
    mirrors: join(dataDir, 'mirrors'),
    work: join(dataDir, 'work'),
    actions: join(dataDir, 'actions'),
    tools: join(dataDir, 'tools'),
    caches: join(dataDir, 'caches'),
    /** what jobs have installed, see job/installs/ */
    installs: join(dataDir, 'installs'),
    artifacts: join(dataDir, 'artifacts'),
    homes: join(dataDir, 'homes'),
    /** the service of podman that Volt starts */
    engine: join(dataDir, 'engine'),
    logs: join(dataDir, 'logs'),
    testResults: join(dataDir, 'test_results'),
    sample: join(dataDir, 'sample'),
  } as const;
}
