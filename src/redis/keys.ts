/**
 * Every key and channel of Volt in Redis. BullMQ's own keys are below `<prefix>:bull:`; only BullMQ reads them.
 * @param prefix VOLT_REDIS_PREFIX, so that several Volts can share one server
 */
export function redisKeys(prefix: string) {
  return {
    /** pattern of every key of this Volt */
    all: `${prefix}:*`,

    /** prefix of BullMQ's keys */
    bull: `${prefix}:bull`,

    /** string; id of the database that this Redis serves. Written by the first stage with a database, read by all; no expiry */
    record: `${prefix}:record`,

    /** sorted set with one member, whose score is the highest id of a build that was sent to a queue; written by dispatchers before they send, read by them; no expiry */
    builds: `${prefix}:builds`,

    /** string, JSON of FreshRedis; exists while runners may not have reported yet what they run. Written by the stage that claims an empty Redis, read by dispatchers; expires by itself */
    young: `${prefix}:young`,

    /** set of ids; written by each member of a kind (`runner`, `dispatcher`, …) with its heartbeat, read by the dispatcher and web; no expiry, gone members are removed by the dispatcher */
    members: (kind: string) => `${prefix}:members:${kind}`,

    /** string, JSON of the member; written with each heartbeat, read by dispatcher, reporter and web; expires after one TTL, which shows that the member is gone */
    member: (kind: string, id: string) => `${prefix}:member:${kind}:${id}`,

    /** set of label sets that have a queue; written by the dispatcher, read by runners and web; no expiry */
    labelQueues: `${prefix}:label-queues`,

    /** hash, public key of each runner → JSON of RunnerAdmission, and `drained` with the name of each drained runner; written by dispatcher and web, read by runners; no expiry */
    runnerKeys: `${prefix}:runner-keys`,

    /** stream of log chunks on their way from runners to reporters, with one consumer group; entries are deleted once archived, so it holds at most each running job's window */
    logs: `${prefix}:logs`,

    /** hash of counts for /metrics, see tallies.ts; written by dispatcher and reporter, read by web; no expiry */
    tallies: `${prefix}:tallies`,

    /** string; a call of a repository's webhook that was answered, by the hash of its body. Written and read by web; expires after three days */
    delivery: (repo: string, hash: string) => `${prefix}:delivery:${repo}:${hash}`,

    /** string, JSON of what a person has asked for of a GitHub App, while the browser is at GitHub. Written and read by web, once; expires after an hour */
    appRequest: (state: string) => `${prefix}:app-request:${state}`,

    /** channel to one runner: orders from the dispatcher, acknowledgements from reporters */
    toRunner: (id: string) => `${prefix}:to-runner:${id}`,

    /** channel: a build has changed; from dispatcher and reporter to web */
    changes: `${prefix}:changes`,

    /** channel: an archived log has grown; from reporter to web */
    growth: `${prefix}:growth`,

    /** channel: the keys of runners, or which of them are drained, have changed; from dispatcher and web to runners */
    runnerKeysChanged: `${prefix}:runner-keys-changed`,

    /** channel: a label set has its first queue; from dispatcher to runners */
    newQueue: `${prefix}:new-queue`,
  } as const;
}
export type RedisKeys = ReturnType<typeof redisKeys>;
