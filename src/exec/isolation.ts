/** Who a job's processes are. */
export interface JobUser {
  uid: number;
  gid: number;
}

/** What a sandboxed job sees of the file system, beside a /proc, /dev and /dev/shm of its own. All paths are absolute. */
export interface SandboxView {
  /** what it may read; of what is not there, nothing is seen */
  readable: readonly SandboxPath[];
  /** what it has in the place of the machine's folders of temporary files; may be changed as well */
  temporary: readonly SandboxPath[];
  /** what it may change; it must be there, and none of it can be moved away or replaced by the job */
  writable: readonly SandboxPath[];
  /** folders that are empty for it, except for what is listed above inside of them */
  hidden: readonly string[];
  /** what is mounted before, on folders that are among the writable ones */
  overlays?: Overlays | undefined;
}

export interface SandboxPath {
  /** on the machine */
  from: string;
  /** for the job */
  to: string;
}

/**
 * Folders of one user that others begin from and cannot change: each is the lower layer of an overlay, and what is written
 * goes into an upper one. See https://docs.kernel.org/filesystems/overlayfs.html.
 */
export interface Overlays {
  /** the lower folders are in it; who owns it may change all of that at any time */
  base: string;
  owner: JobUser;
  /** who is to own what is seen: what is the owner's in `base` is that user's in the overlays */
  user: JobUser;
  /** file of the mounts, as `overlayTable` in overlay.ts writes it */
  table: string;
}

/**
 * How far a job's processes are kept apart from the machine:
 * `none`: they have the rights of Volt itself;
 * `user`: they are another user, who gains no rights by set-uid programs; `replaced` are files that they see in the place of
 * others;
 * `sandbox`: that, where Volt is root and may become another user; and they have mounts and IPC of their own.
 * Of what network they have, see `ScopeOptions`.
 */
export type Isolation =
  | { level: 'none' }
  | (Apart<'user'> & { own?: OwnFolder; replaced?: readonly SandboxPath[] })
  | (Apart<'sandbox'> & { view: SandboxView });

/** The one folder of many that a job finds where all are, though others of its user id have theirs beside it. */
export interface OwnFolder {
  folder: string;
  /** that it is below of, with those of other jobs; nobody but root may enter it outside of a job */
  among: string;
}

interface Apart<L extends string> {
  level: L;
  user: JobUser;
  /** file with the program that decides which system calls are refused, see call-filter.ts, as the job sees it */
  callFilter?: string | undefined;
}

export type IsolationLevel = Isolation['level'];
