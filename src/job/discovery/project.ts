import * as z from 'zod';
import type { Tree } from './tree.ts';

/** A command of a discovered project. */
const stepSchema = z.object({
  name: z.enum(['install', 'configure', 'build', 'test']),
  /** for `sh -c`, in the project's folder */
  command: z.string().min(1).max(10_000),
  /** which the command cannot do without: names on the search path, or paths in the project's folder such as `./mvnw` */
  programs: z.array(z.string().min(1).max(1000)).max(20),
  /** whether it runs in the root of the repository instead */
  inRoot: z.boolean().optional(),
});

/** A version of a tool that the project asks for. */
const toolSchema = z.object({
  /** the name by which version managers know it, such as `node` or `python` */
  tool: z.string().min(1).max(100),
  /** as the file gives it, such as `20`, `>=18` or `1.77.2` */
  version: z.string().min(1).max(200),
  /** the file that asks for it */
  because: z.string().max(5000),
});

/** What is installed for the tests of a Python project, before its steps run in it. */
const pythonEnvironmentSchema = z.object({
  /** `uv`, `poetry` and `pdm` install what their lock file or their tables say; `pip` has the lists below alone */
  manager: z.enum(['pip', 'uv', 'poetry', 'pdm']),
  /** whether the project itself is installed, so that its files can be edited afterwards (`pip install -e .`) */
  project: z.boolean(),
  /** extras of the project, and dependency groups: those for its tests */
  extras: z.array(z.string().min(1).max(100)).max(200),
  groups: z.array(z.string().min(1).max(100)).max(200),
  /** files of requirements, relative to the project's folder */
  requirements: z.array(z.string().min(1).max(1000)).max(200),
  /** further requirements, such as `pytest>=8` */
  packages: z.array(z.string().min(1).max(300)).max(200),
});

export type PythonEnvironment = z.infer<typeof pythonEnvironmentSchema>;

/** A project whose tests can be run. */
export const projectSchema = z.object({
  /** its kind, which names the job, such as `node` or `python` */
  kind: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  /** relative to the root of the repository; `''` is the root */
  folder: z.string().max(5000),
  /** the file or folder that describes it, relative to the root of the repository */
  because: z.string().min(1).max(5000),
  /** why these commands, for the log; a clause that goes on from "because", such as `yarn.lock is made by yarn` */
  why: z.string().max(2000),
  steps: z.array(stepSchema).min(1).max(10),
  /** globs below the project's folder, of reports that its tools write by themselves */
  reports: z.array(z.string().min(1).max(1000)).max(50),
  /** how Volt makes the tests write a report as well, if at all; see project-reporter.ts */
  reporter: z.enum(['pytest', 'phpunit', 'trx', 'minitest']).optional(),
  /** the test runner that Volt starts itself, if it tells how many tests ran whatever the project configures */
  runner: z.string().min(1).max(100).optional(),
  tools: z.array(toolSchema).max(20),
  /** what Volt makes for the job before its steps, if anything */
  environment: pythonEnvironmentSchema.optional(),
});

export type Project = z.infer<typeof projectSchema>;
export type ProjectStep = z.infer<typeof stepSchema>;
export type ToolVersion = z.infer<typeof toolSchema>;

/** A file that describes a project whose tests Volt does not run, and why it was passed over. */
export const passedOverSchema = z.object({
  because: z.string().min(1).max(5000),
  /** a sentence without its dot, such as `package.json has no script "test"` */
  why: z.string().max(2000),
});

export type PassedOver = z.infer<typeof passedOverSchema>;

/** What a finder says of a project. Paths are relative to the tree that it was given; `discover` knows the folder. */
export type Found = Omit<Project, 'folder' | 'reports' | 'tools'> & {
  reports?: readonly string[];
  /** those of its kind where not given */
  tools?: readonly ToolVersion[];
};

/** Looks for a project of one kind in the root of a tree; undefined where nothing there is of this kind. */
export type Finder = (tree: Tree) => Found | PassedOver | undefined;

export function isProject(found: Found | PassedOver): found is Found {
  return 'steps' in found;
}

/** @param programs the first word of the command where not given */
export function step(name: ProjectStep['name'], command: string, programs?: readonly string[]): ProjectStep {
  return { name, command, programs: [...(programs ?? [command.split(' ')[0] as string])] };
}
