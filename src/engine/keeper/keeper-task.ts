/** What a keeper is started with, as JSON in its argument. */
export interface KeeperTask {
  /** path of the engine's socket */
  socket: string;
  /** whose own service of podman the keeper starts again, if the socket is that one's */
  dataDir: string;
  /** all containers and networks with these labels are its own */
  labels: { [name: string]: string };
  /** seconds that the lease holds at first, and at most */
  ttl: number;
  /** path of a socket at which it forwards requests to the engine, which end with the lease; undefined for none */
  forward: string | undefined;
}

/** What a keeper learns later: the first process of a container, or the name of the `BuildGroup` of a build that runs or is over. */
export type KeeperNote = { pid: number } | { build: string } | { built: string };

/** Descriptor from which a keeper reads its notes, as JSON, one a line. */
export const notesDescriptor = 3;
