import { type Finder, step } from '../project.ts';

/** Recipes and tasks that run tests; the first that is there counts. */
const names = ['test', 'check', 'tests'];

/** A justfile with a recipe for tests that needs no arguments. */
export const just: Finder = (tree) => {
  const because = tree.first('justfile', 'Justfile', '.justfile');
  if (because === undefined) return undefined;
  const lines = tree.text(because).split('\n');
  const name = names.find((each) => lines.some((line) => isRecipe(line, each)));
  if (name === undefined) return { because, why: `${because} has no recipe "test" or "check"` };
  return { kind: 'just', because, why: `it has the recipe "${name}"`, steps: [step('test', `just ${name}`)] };
};

/** Whether a line begins a recipe, such as `@test *args: build`; a parameter without a default would be asked for. */
function isRecipe(line: string, name: string): boolean {
  const words = line.replace(/^@/, '');
  if (!words.startsWith(name) || !/^[\s:]/.test(words.slice(name.length))) return false;
  const at = words.indexOf(':');
  if (at < 0 || words[at + 1] === '=') return false;
  const parameters = words.slice(name.length, at).trim();
  return parameters === '' || parameters.split(/\s+/).every((each) => each.startsWith('*') || each.includes('='));
}

/** In the order in which Task itself looks for them, without those for distribution. */
const taskfiles = ['Taskfile.yml', 'taskfile.yml', 'Taskfile.yaml', 'taskfile.yaml'];

/** A Taskfile with a task for tests. */
export const task: Finder = (tree) => {
  const distributed = taskfiles.map((name) => name.replace('.y', '.dist.y'));
  const because = tree.first(...taskfiles, ...distributed);
  if (because === undefined) return undefined;
  const defined = tasksIn(tree.text(because));
  const name = names.find((each) => defined.has(each));
  if (name === undefined) return { because, why: `${because} has no task "test" or "check"` };
  return { kind: 'task', because, why: `it has the task "${name}"`, steps: [step('test', `task ${name}`)] };
};

/** The names of the tasks of a Taskfile: the keys of the first depth below `tasks:`. */
function tasksIn(text: string): Set<string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  const start = lines.findIndex((line) => /^tasks:\s*$/.test(line));
  const found = new Set<string>();
  if (start < 0) return found;
  const indent = /^ */.exec(lines[start + 1] ?? '')?.[0].length ?? 0;
  for (const line of lines.slice(start + 1)) {
    if (!line.startsWith(' ')) break;
    const key = /^ *(?:'([^']+)'|"([^"]+)"|([^\s:'"]+)):(?:\s|$)/.exec(line);
    if (key && /^ */.exec(line)?.[0].length === indent) found.add(key[1] ?? key[2] ?? (key[3] as string));
  }
  return found;
}
