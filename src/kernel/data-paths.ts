import { join } from 'node:path';
import { type AttemptRef, attemptName, buildIdOf } from './model.ts';

/** Archive of one attempt's log. */
export function logFile(dataDir: string, ref: AttemptRef): string {
  return join(dataPaths(dataDir).logs, buildIdOf(ref.job), `${attemptName(ref)}.log`);
}

/** Where the times of an attempt's log are, beside it: when which byte came, see reporter/archive.ts. */
export function logTimesFile(dataDir: string, ref: AttemptRef): string {
  return `${logFile(dataDir, ref)}.times`;
}

/** Where a runner keeps the log of an attempt until it is archived. @param runner its name */
export function spoolFile(dataDir: string, runner: string, ref: AttemptRef): string {
  return join(dataPaths(dataDir).work, runner, 'spool', `${attemptName(ref)}.log`);
}

/** Places inside the data directory. */
export function dataPaths(dataDir: string) {
  return {
    root: dataDir,
    record: join(dataDir, 'volt.db'),
    lock: join(dataDir, 'up.lock'),
    token: join(dataDir, 'token'),
    secretsKey: join(dataDir, 'secrets.key'),
    /** private key of the runners of this directory, theirs alone */
    runnerKey: join(dataDir, 'keys', 'runner'),
    /** its public half: runners write the folder, stages of the record read it */
    runnerPublicKey: join(dataDir, 'runner-key', 'runner.pub'),
    /** public key of the record: its stages write the folder, runners read it */
    voltKey: join(dataDir, 'volt-key', 'volt.pub'),
    webUrl: join(dataDir, 'web.url'),
    signInUrl: join(dataDir, 'sign-in.url'),
    redis: join(dataDir, 'redis'),
    redisUrl: join(dataDir, 'redis', 'url'),
    /** address of the Redis of `volt up` with the rights of a runner, where other machines reach it */
    runnerRedisUrl: join(dataDir, 'redis', 'runner-url'),
    mirrors: join(dataDir, 'mirrors'),
    work: join(dataDir, 'work'),
    actions: join(dataDir, 'actions'),
    tools: join(dataDir, 'tools'),
    caches: join(dataDir, 'caches'),
    artifacts: join(dataDir, 'artifacts'),
    homes: join(dataDir, 'homes'),
    logs: join(dataDir, 'logs'),
    testResults: join(dataDir, 'test_results'),
    sample: join(dataDir, 'sample'),
  } as const;
}
