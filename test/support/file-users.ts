import { basename } from 'node:path';
import type { Tree } from './imports.ts';

/** Modules that reach files by path, or start programs that get a path. */
const REACHES_FILES = /^(node:)?(fs|fs\/promises|child_process|worker_threads|module|process)$/;

/**
 * Files of `job/` and `runner/` that may use the file system directly, each with the reason why no job can change the
 * paths that it uses. Add a file only with such a reason; everything else goes through `job/files/`.
 */
export const FILE_USERS: Readonly<Record<string, string>> = {
  'src/job/files/inside.ts': 'is the way in: looks through open folders',
  'src/job/files/walk.ts': 'is the way in: walks through open folders',
  'src/job/files/hand-over.ts': 'is the way out: writes through open folders',
  'src/job/actions/pack-files.ts': 'copies from the closed store into a closed draft; streams from a descriptor',
  'src/job/actions/library.ts': 'copies from the closed store into a closed draft',
  'src/job/actions/store.ts': 'has the store of actions, which jobs never reach',
  'src/job/actions/checkout.ts': 'empties the workspace only where jobs have the rights of Volt',
  'src/job/containers/engine-build.ts': 'streams from a descriptor',
  'src/job/containers/isolated-build.ts': 'writes into a closed draft, and closes a descriptor',
  'src/job/containers/brought-node.ts': 'looks for the Node of Volt itself',
  'src/job/containers/certificates.ts': "looks at files that the machine's environment names",
  'src/job/containers/machine-path.ts': 'looks at paths of the machine that its owner lets containers have',
  'src/job/sandbox/certificates.ts': "reads files that the machine's environment names",
  'src/job/sandbox/staged-checkout.ts': 'works in a closed draft, and moves by the descriptor of the target',
  'src/job/sandbox/job-isolation.ts': 'gives away trees that the job cannot reach yet, by lchown(2)',
  'src/job/sandbox/home-use.ts': 'has lock files beside the homes, in folders of Volt, and moves homes as a whole',
  'src/job/sandbox/homes.ts': 'asks which folders of homes there are, and how old those of trials',
  'src/job/sandbox/host-names.ts': 'asks which files the machine has, and for its own',
  'src/job/sandbox/job-home.ts': 'makes homes in a folder of Volt',
  'src/job/sandbox/job-user.ts': 'makes homes in a folder of root',
  'src/job/sandbox/layered-home.ts':
    'looks at caches through open folders, and writes beside homes that no job has yet',
  'src/job/sandbox/own-builds.ts': 'asks which files the machine has',
  'src/job/sandbox/overlay-check.ts': 'makes a trial in a folder of Volt',
  'src/job/sandbox/job-paths.ts': 'makes folders of Volt above those of jobs',
  'src/job/sandbox/sandbox-view.ts': 'reads the accounts of the machine',
  'src/job/sandbox/workspace.ts': "makes the folder of a job before there is one, and reads the machine's files",
  'src/job/sandbox/tool-cache.ts': 'makes a folder of the machine; one in a home goes through job/files/',
  'src/job/sandbox/user-ids.ts': 'has notes in a folder of root, and asks for the owners of homes',
  'src/job/sandbox/version-managers.ts': 'looks at the search path of Volt itself',
  'src/job/tools/installed-versions.ts': 'looks at version managers of the machine, which jobs cannot change',
  'src/job/sandbox/whole-file.ts': 'writes files of Volt that jobs only read',
  'src/job/reports/checkout-files.ts': "asks for the path of a job's workspace itself, which the job cannot replace",
  'src/job/kept-trees.ts': 'has the folder of kept trees, which jobs never reach',
  'src/job/steps/hash-files.ts': 'streams from a descriptor',
  'src/job/storage/artifacts.ts': 'has the store of artifacts, which jobs never reach',
  'src/job/storage/caches.ts': 'has the store of caches, which jobs never reach',
  'src/job/storage/kept-installs.ts': 'has the store of what jobs install, which jobs never reach',
  'src/job/storage/least-recently-used.ts': 'removes from the stores of caches and installs, which jobs never reach',
  'src/job/storage/stored-folder.ts': 'has those stores',
  'src/runner/disk-fault.ts': 'asks which device the folder of a job is on',
  'src/runner/disk-watch.ts': 'writes into folders of Volt',
  'src/runner/prune.ts': 'looks at folders of Volt',
  'src/runner/launcher/process.ts': 'opens descriptors of its parent in /proc',
  'src/runner/launcher/launcher-process.ts': 'starts a process of Volt, and looks at descriptors',
  'src/runner/left-spools.ts': 'lists the folders of runners, which jobs never reach',
  'src/runner/spool.ts': 'has the spool, which jobs never reach',
  'src/runner/start.ts': 'closes the data directory',
  'src/runner/work-folder.ts': "makes the runner's own folder",
};

/** Tools of Volt that read, write or remove files by path, or run programs that may. */
const GOES_BY_PATHS = /^src\/system\/(disk|modified-at|read-text|remove-tree|run-program|small-tree|write-whole)\.ts$/;

/**
 * Files of `job/` and `runner/` that use those tools, each with the reason why no job can change the paths at that
 * moment.
 */
export const PATH_USERS: Readonly<Record<string, string>> = {
  'src/job/files/hand-over.ts → remove-tree': 'removes a closed draft',
  'src/job/sandbox/staged-checkout.ts → remove-tree': 'removes a closed draft',
  'src/job/sandbox/job-isolation.ts → small-tree': 'gives away trees that the job cannot reach yet',
  'src/job/sandbox/homes.ts → remove-tree': 'removes homes by rm(1), which follows no link, and trials of an hour ago',
  'src/job/sandbox/overlay-check.ts → remove-tree': 'removes a trial that has ended, in which no job was',
  'src/job/sandbox/job-paths.ts → remove-tree': 'removes notes and files of Volt, and what jobs have left by rm(1)',
  'src/job/sandbox/host-names.ts → read-text': "reads the machine's files",
  'src/job/kept-trees.ts → remove-tree': 'removes by rm(1)',
  'src/job/storage/artifacts.ts → modified-at': 'asks for the age of what is in that store',
  'src/job/storage/least-recently-used.ts → modified-at': 'asks for the age of what is in these stores',
  'src/job/storage/stored-folder.ts → modified-at': 'asks for the age of what is in those stores',
  'src/runner/prune.ts → modified-at': 'asks for the age of folders of Volt',
  'src/job/storage/artifacts.ts → disk': 'counts what is in the store of artifacts, which jobs never reach',
  'src/job/storage/least-recently-used.ts → disk': 'counts what is in these stores',
  'src/job/actions/store.ts → write-whole': 'has the store of actions, which jobs never reach',
  'src/job/containers/brought-node.ts → run-program': 'asks ldd(1) for the libraries of the Node of Volt',
  'src/job/sandbox/job-user.ts → run-program': 'asks id(1) for a user',
  'src/job/sandbox/job-isolation.ts → run-program': 'gives away trees that the job cannot reach yet',
  'src/runner/disk-quota.ts → run-program': 'empties a home by find(1), which follows no link below it',
  'src/job/sandbox/user-ids.ts → write-whole': 'has notes in a folder of root',
  'src/job/sandbox/whole-file.ts → write-whole': 'writes files of Volt that jobs only read',
  'src/runner/spool.ts → write-whole': 'has the spool, which jobs never reach',
  'src/runner/attempt.ts → remove-tree': 'removes by rm(1) where a process of the job may be left',
  'src/runner/disk-watch.ts → disk': 'asks for the room of a file system',
  'src/runner/prune.ts → remove-tree': 'removes by rm(1)',
  'src/runner/launcher/process.ts → remove-tree': 'removes as the attempt says',
  'src/runner/launcher/launcher-process.ts → remove-tree': 'removes as the attempt says',
  'src/runner/work-folder.ts → remove-tree': 'removes by rm(1)',
};

/** Other ways to reach modules of Node. */
const DETOURS = /(?<![.\w])(getBuiltinModule|require\s*\(|createRequire)|process\.(binding|chdir|getBuiltinModule)\b/;

/**
 * Files of `job/` and `runner/` that use the file system, directly or through those tools, and files that bypass this
 * rule.
 */
export function usersOfFiles(tree: Tree): { users: string[]; pathUsers: string[]; detours: string[] } {
  const own = (file: string) => /^src\/(job|runner)\//.test(file);
  const users = tree.imports.filter(({ from, to }) => own(from) && REACHES_FILES.test(to)).map(({ from }) => from);
  const pathUsers = tree.imports
    .filter(({ from, to }) => own(from) && GOES_BY_PATHS.test(to))
    .map(({ from, to }) => `${from} → ${basename(to, '.ts')}`);
  const detours = [...tree.code].filter(([file, code]) => own(file) && DETOURS.test(code)).map(([file]) => file);
  return { users: [...new Set(users)].sort(), pathUsers: pathUsers.sort(), detours };
}
