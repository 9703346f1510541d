/** Messages between the main thread and the heartbeat thread, see heartbeat-sender.ts. `member` is a number within the process. */
export type ToHeartbeatThread = { member: number } & (
  | {
      kind: 'open';
      url: string;
      /** the server's time, shared by the threads of the process, see kernel/server-time.ts */
      time: Float64Array;
      /** absent for stages, which have none */
      lease: SharedLease | undefined;
    }
  /** the content of the heartbeats from now on */
  | { kind: 'sign'; sign: MemberState; now: boolean }
  /** stop the heartbeats, and remove the member */
  | { kind: 'leave' }
);

export interface SharedLease {
  /** memory of Lease and SupervisorLines */
  renewedAt: Float64Array;
  lines: Float64Array;
  /** the id that already has the lease, after a restart of the thread */
  held: string | undefined;
}

export interface MemberState {
  id: string;
  /** keys of Redis: the member's heartbeat, and the set of ids of its kind */
  key: string;
  set: string;
  /** JSON of an object with at least one entry, without its `heartbeatAt` */
  text: string;
}

export type FromHeartbeatThread = {
  member: number;
} /** `refused`: Redis refuses the heartbeat; `heard` follows if it has extended the previous one */ & (
  | { kind: 'heard' | 'unheard' | 'refused' | 'joined' | 'lost'; id: string }
  /** it is removed, or Redis did not answer */
  | { kind: 'left' }
);
