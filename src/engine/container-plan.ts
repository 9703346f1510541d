/** A range of ids in a container, and the ids on the machine that they are. */
export interface IdRange {
  inside: number;
  outside: number;
  count: number;
}

/** What a container is made from. */
export interface ContainerPlan {
  /** id of an image that the engine has */
  image: string;
  labels: Readonly<Record<string, string>>;
  /** no secrets: whoever may ask the engine sees it */
  env: Readonly<Record<string, string>>;
  cwd?: string;
  /** the image's by default */
  entrypoint?: readonly string[];
  command?: readonly string[];
  /** the image's by default */
  user?: string;
  /** files and folders of the machine */
  mounts: readonly { from: string; to: string; readOnly?: boolean }[];
  /** name of a network that the engine has, and the names by which its other containers find this one */
  network: { name: string; aliases: readonly string[] };
  /** which users of the machine its users and groups are; the engine's own choice by default */
  ids?: { users: readonly IdRange[]; groups: readonly IdRange[] };
  /** bytes of memory and number of processes */
  limits: { memory?: number | undefined; processes?: number | undefined };
}
