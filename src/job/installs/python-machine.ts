import * as z from 'zod';
import { type InstallJob, runQuietly } from './install-job.ts';

/** Managers of Python projects that a runner may have. */
const managers = ['uv', 'poetry', 'pdm'] as const;

/**
 * What prints the facts below, without the packages of Python, which take most of the time of its start. Shims of
 * version managers choose the Python of the project's folder.
 */
const program = `import importlib.util, json, os, shutil, sys, sysconfig
def file_of(path):
    try: found = os.stat(path)
    except (OSError, TypeError): return None
    return [os.path.realpath(path), found.st_size, found.st_mtime]
def bundled():
    try:
        import ensurepip
        return ensurepip.version() if importlib.util.find_spec('venv') else None
    except ImportError: return None
release = ''
if os.path.exists('/etc/os-release'):
    with open('/etc/os-release') as file: release = file.read(5000)
print(json.dumps({
    'python': [sys.version, os.path.realpath(sys.executable), sysconfig.get_platform(), release],
    'version': list(sys.version_info[:2]),
    'pip': bundled(),
    'programs': {name: file_of(shutil.which(name)) for name in ${JSON.stringify(managers)}},
    'settings': [file_of(path) for path in ('/etc/pip.conf', os.path.expanduser('~/.config/pip/pip.conf'), os.path.expanduser('~/.pip/pip.conf'))],
}))`;

const file = z.tuple([z.string(), z.number(), z.number()]).nullable();

const machineSchema = z.object({
  python: z.array(z.string()),
  version: z.tuple([z.number(), z.number()]),
  /** version of the pip that comes with Python; null where Python cannot make environments */
  pip: z.string().nullable(),
  programs: z.record(z.enum(managers), file),
  /** settings of pip for all projects */
  settings: z.array(file),
});

/** The Python of a job, and what it has to install packages with. */
export type PythonMachine = z.infer<typeof machineSchema>;

/** @returns undefined where `python3` does not work */
export async function pythonMachine(
  job: InstallJob,
  env: Readonly<Record<string, string>>,
): Promise<PythonMachine | undefined> {
  const { exitCode, output } = await runQuietly(job, ['python3', '-I', '-S', '-c', program], { cwd: job.folder, env });
  if (exitCode !== 0) return undefined;
  try {
    return machineSchema.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''));
  } catch {
    return undefined;
  }
}
