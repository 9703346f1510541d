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
}

/** Descriptor from which a keeper reads the process ids of its containers' first processes, one a line. */
export const notesDescriptor = 3;
