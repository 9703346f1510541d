/** What is said between the main thread and the one that keeps heartbeats, see heartbeat-sender.ts. `member` is a number of the process's own. */
export type ToHeartbeatThread = { member: number } & (
  | {
      kind: 'open';
      url: string;
      /** what the threads of the process share of the server's time, see kernel/server-time.ts */
      time: Float64Array;
      /** absent where the member has none, as stages */
      lease: SharedLease | undefined;
    }
  /** what the member says of itself from now on */
  | { kind: 'sign'; sign: MemberState; now: boolean }
  /** it is to be taken off the list, and no heartbeat follows */
  | { kind: 'leave' }
);

export interface SharedLease {
  /** what both threads share: see Lease and SupervisorLines */
  renewedAt: Float64Array;
  lines: Float64Array;
  /** the id under which the lease is held already, where another thread kept it before */
  held: string | undefined;
}

export interface MemberState {
  id: string;
  /** of Redis: the member's heartbeat, and the set of the ids of its kind */
  key: string;
  set: string;
  /** JSON of an object with at least one entry, without its `heartbeatAt` */
  text: string;
}

export type FromHeartbeatThread = {
  member: number;
} /** `refused`: Redis answers, and does not take the heartbeat; where it keeps the one before alive, `heard` comes, too */ & (
  | { kind: 'heard' | 'unheard' | 'refused' | 'joined' | 'lost'; id: string }
  /** it is off the list, or that could not be told */
  | { kind: 'left' }
);
