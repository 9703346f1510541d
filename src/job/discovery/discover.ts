import { isPartOfOthers } from './describing-files.ts';
import { isGeneral, kinds } from './kinds.ts';
import { type Found, isProject, type PassedOver, type Project, projectSchema } from './project.ts';
import { settingsFile } from './settings.ts';
import type { Tree } from './tree.ts';
import { versionsOf } from './versions.ts';

/**
 * Why a commit has no job, and what to do.
 * @param passedOver files that describe projects without tests; the first ones are named
 */
export function noTestsMessage(passedOver: readonly PassedOver[]): string {
  const titles = kinds.map(({ title }) => title).join(', ');
  const seen = passedOver.slice(0, 20).map(({ because, why }) => `passed over ${because}: ${why}`);
  return [
    `found no tests of a kind that Volt knows: ${titles} (docs/discovery.md). Say how to test with \`command: …\` in ${settingsFile}, a workflow, or --command`,
    ...seen,
  ].join('\n');
}

export interface Discovery {
  projects: Project[];
  passedOver: PassedOver[];
}

/** Folders that are searched where the root has no tests, and how deep. */
const most = { folders: 100, depth: 2 };
/** Projects of a repository; further ones are passed over. */
const mostProjects = 20;
/** What is told of files that describe no tests. */
const mostPassedOver = 50;

/**
 * How the tests of a tree are run: those of its root; where the root has none, those of the folders in it, and of the
 * folders in those of them that have none.
 */
export function discover(tree: Tree): Discovery {
  const projects: Project[] = [];
  const passedOver: PassedOver[] = [];
  let folders = [''];
  for (let depth = 0, searched = 0; depth <= most.depth && folders.length > 0; depth++) {
    const without: string[] = [];
    const here = folders.slice(0, Math.max(most.folders - searched, 0));
    passedOver.unshift(...leftOut(folders, here.length));
    for (const folder of here) {
      const found = discoverIn(tree.in(folder), folder);
      projects.push(...found.projects);
      passedOver.push(...found.passedOver);
      if (found.projects.length === 0) without.push(folder);
    }
    if (depth > 0) searched += here.length;
    folders = without.flatMap((folder) => foldersIn(tree, folder));
  }
  if (projects[0]?.folder === '') passedOver.push(...besideRoot(tree));
  const why = `Volt tests ${mostProjects} projects of a repository at most`;
  passedOver.unshift(...projects.slice(mostProjects).map(({ because }) => ({ because, why })));
  return { projects: projects.slice(0, mostProjects), passedOver: passedOver.slice(0, mostPassedOver) };
}

/** Whether discovery may search a folder: it is not too deep, and no part of others. @param folder `.` for the root */
export function mayHoldProject(folder: string): boolean {
  const names = folder === '.' ? [] : folder.split('/');
  return names.length <= most.depth && names.every(isOwn);
}

/** Whether a folder may hold a project of its own; tests belong to a project beside them. */
function isOwn(name: string): boolean {
  return !name.startsWith('.') && !isPartOfOthers(name) && !/^(tests?|spec)$/.test(name);
}

/** @param searched how many of the folders are searched */
function leftOut(folders: readonly string[], searched: number): PassedOver[] {
  const next = folders[searched];
  if (next === undefined) return [];
  return [{ because: clipped(`${next}/`, 1000), why: `Volt searches ${most.folders} folders at most` }];
}

/**
 * The folders of a root with tests that hold tests of another family. The tools of most languages test the projects of
 * their own in folders, too.
 */
function besideRoot(tree: Tree): PassedOver[] {
  const languages = kinds.filter((kind) => !isGeneral(kind));
  const own = languages.filter(({ find }) => hasTests(find(tree))).map(({ family }) => family);
  const others = languages.filter(({ family }) => !own.includes(family));
  const why = `the root has tests; name the folder's command in ${settingsFile} or a workflow to test it, too`;
  const beside: PassedOver[] = [];
  for (const folder of foldersIn(tree, '').slice(0, most.folders)) {
    const inside = tree.in(folder);
    const found = others.map(({ find }) => find(inside)).find(hasTests);
    if (found) beside.push({ because: clipped(`${folder}/${found.because}`, 1000), why });
  }
  return beside;
}

function hasTests(found: Found | PassedOver | undefined): boolean {
  return found !== undefined && isProject(found);
}

/** Folders that may hold a project of their own; tests belong to a project beside them. */
function foldersIn(tree: Tree, folder: string): string[] {
  return tree
    .names(folder)
    .filter(isOwn)
    .map((name) => (folder === '' ? name : `${folder}/${name}`))
    .filter((path) => tree.hasFolder(path));
}

/** @param folder of the tree in its repository */
function discoverIn(tree: Tree, folder: string): Discovery {
  const projects: Project[] = [];
  const passedOver: PassedOver[] = [];
  const counts = new Map<string, string>();
  for (const kind of kinds) {
    const found = kind.find(tree);
    if (found === undefined) continue;
    const because = clipped(folder === '' ? found.because : `${folder}/${found.because}`, 1000);
    const before = isGeneral(kind) ? [...counts.values()][0] : counts.get(kind.family);
    if (!isProject(found)) passedOver.push({ because, why: clipped(found.why, 2000) });
    else if (before !== undefined) passedOver.push({ because, why: `the tests are run as ${before} says` });
    else {
      const tools = versionsOf(tree, ...kind.tools);
      const project = projectOf({ tools, ...found }, folder, because);
      if (project) {
        counts.set(kind.family, because);
        projects.push(project);
      } else passedOver.push({ because, why: `what Volt would run for a ${kind.title} project is too long` });
    }
  }
  return { projects, passedOver };
}

/** A project as it is sent to runners; undefined where the names in the repository make it too large for that. */
function projectOf(found: Found, folder: string, because: string): Project | undefined {
  const project = { reports: [], ...found, folder, because, why: clipped(found.why, 2000) };
  return projectSchema.safeParse(project).data;
}

function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
