/** The user that a job's processes run as. */
export interface JobUser {
  uid: number;
  gid: number;
}

/** What a job in a sandbox sees of the file system, besides its own /proc, /dev and /dev/shm. All paths are absolute. */
export interface SandboxView {
  /** what it can read; paths that do not exist are skipped */
  readable: readonly SandboxPath[];
  /** writable folders that replace the machine's temporary folders */
  temporary: readonly SandboxPath[];
  /** what it can write to; must exist, and the job cannot move or replace it */
  writable: readonly SandboxPath[];
  /** folders that appear empty, except for paths above that are inside of them */
  hidden: readonly string[];
  /** overlays that are mounted first, on folders inside of the writable ones */
  overlays?: Overlays | undefined;
}

export interface SandboxPath {
  /** on the machine */
  from: string;
  /** for the job */
  to: string;
}

/**
 * Folders of one user that another user can read and seemingly change: each is the lower layer of an overlay, and changes go to
 * the upper layer. See https://docs.kernel.org/filesystems/overlayfs.html.
 */
export interface Overlays {
  /** the lower folders are in it; its owner can change everything in it at any time */
  base: string;
  owner: JobUser;
  /** who owns the files in the overlays that `owner` owns in `base` */
  user: JobUser;
  /** file with the mounts, from `overlayTable` in overlay.ts */
  table: string;
}

/**
 * How a job's processes are isolated from the machine:
 * `none`: they have the rights of Volt;
 * `user`: they run as another user, and set-uid programs give them no rights; they see the files of `replaced` instead of
 * others;
 * `sandbox`: the same where Volt is root, and they have their own mounts and IPC. With `ids`, for which Volt must be root, they may
 * give these ids to namespaces that they make.
 * For their network see `ProcessGroupOptions`.
 */
export type Isolation =
  | { level: 'none' }
  | (Apart<'user'> & { own?: OwnFolder; replaced?: readonly SandboxPath[] })
  | (Apart<'sandbox'> & { view: SandboxView; ids?: IdMapping | undefined });

/** The only folder that a job sees among the folders of all jobs. Other jobs may have the same user id. */
export interface OwnFolder {
  folder: string;
  /** the folder of all jobs' folders; outside of jobs only root can enter it */
  among: string;
}

/** Users or groups of a user namespace, and those outside of it that they are. */
export interface MappedIds {
  inside: number;
  outside: number;
  count: number;
}

export interface IdMapping {
  users: readonly MappedIds[];
  groups: readonly MappedIds[];
}

interface Apart<L extends string> {
  level: L;
  user: JobUser;
  /** file with the system call filter, see call-filter.ts; the same path for the job */
  callFilter?: string | undefined;
  /** likewise, for a command that is root of its own namespace, see own-root.ts */
  rootFilter?: string | undefined;
}

export type IsolationLevel = Isolation['level'];
