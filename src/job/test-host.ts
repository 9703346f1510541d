import type { CommandHost } from './steps/step-host.ts';

/** A version of a tool that is there beside the one on the search path. */
export interface InstalledVersion {
  /** its numbers */
  version: readonly number[];
  /** the version as its folder names it */
  name: string;
  /** folder of its programs */
  folder: string;
  /** what keeps it, for people */
  manager: string;
}

/** Where the commands of a job without a workflow run, and its tools are looked for: on the machine, or in a container. */
export interface TestHost extends CommandHost {
  /** environment that commands start from */
  readonly env: Readonly<Record<string, string>>;
  /** for people, as the subject of a sentence */
  readonly title: string;
  /** what people do about a missing program, as the end of a sentence after its name */
  readonly install: string;
  /** id of the image; undefined on the machine */
  readonly image: string | undefined;
  /** The first program of that name on a search path. @returns its path, or its name where a shell has it built in */
  find(name: string, path: string): Promise<string | undefined>;
  /** The versions of a tool that are there beside the one on the search path. */
  installed(tool: string): InstalledVersion[];
}
