/**
 * A Python program that installs a project into the environment of its job without pip, which takes several times as long. It
 * needs Python 3.11. It runs with the job's rights. Arguments: what to do, the folder of the environment, that of the project,
 * and for `note` a JSON object `{ editable, requirements, install }`, where `install` is the command line that installs packages.
 *
 * - `note`: when pip has installed everything, writes to `state.json` what `install` needs, installs the project's build
 *   backend into the folder `build`, and writes to `excluded` which files belong to projects of the checkout, which change
 *   with each commit. Ends with 3 where that cannot be told.
 * - `install`: in a kept environment, replaces the path where it was made, then lets the project's backend build it and
 *   unpacks the result. Ends with 3 where pip has to do it, and with 4 where more has to be installed than is there.
 */
export const pythonInstaller = String.raw`
import hashlib, importlib, importlib.metadata, json, os, subprocess, sys, sysconfig, zipfile
from urllib.parse import unquote, urlparse
task, environment, project = sys.argv[1:4]
venv, build, state_file = (os.path.join(environment, name) for name in ('venv', 'build', 'state.json'))
purelib, platlib = (sysconfig.get_path(name, 'posix_prefix', vars={'base': venv, 'platbase': venv}) for name in ('purelib', 'platlib'))

def end(code):
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

def inputs_of(requirements):
    """Hash of the requirements files and of all that they include."""
    found, left, seen = hashlib.sha256(), [os.path.join(project, name) for name in requirements], set()
    while left:
        path = os.path.realpath(left.pop())
        if path in seen or len(seen) > 100: continue
        seen.add(path)
        with open(path, 'rb') as file: content = file.read(1000000)
        found.update(b'%d ' % len(content) + content)
        for line in content.decode('utf-8', 'replace').splitlines():
            words = line.replace('=', ' ').split()
            if len(words) > 1 and words[0] in ('-r', '-c', '--requirement', '--constraint'): left.append(os.path.join(os.path.dirname(path), words[1]))
            elif line.startswith(('-r', '-c')): left.append(os.path.join(os.path.dirname(path), line[2:].strip()))
    return found.hexdigest()

def locals_of():
    """What is installed from files instead of an index: (distribution, path)."""
    found = []
    for one in importlib.metadata.distributions(path=list({purelib, platlib})):
        url = urlparse(json.loads(one.read_text('direct_url.json') or '{}').get('url', ''))
        if url.scheme == 'file': found.append((one, os.path.realpath(unquote(url.path))))
    return found

def backend_of():
    import tomllib
    system = {}
    if os.path.exists(os.path.join(project, 'pyproject.toml')):
        with open(os.path.join(project, 'pyproject.toml'), 'rb') as file: system = tomllib.load(file).get('build-system', {})
    return {
        'requires': system.get('requires', ['setuptools']),
        'name': system.get('build-backend', 'setuptools.build_meta:__legacy__'),
        'path': system.get('backend-path', []),
    }

def load(backend):
    """The backend from its own folder: it sees nothing of the environment, as when pip isolates it."""
    import site
    for path in backend['path']: sys.path.insert(0, os.path.join(project, path))
    os.environ['PYTHONPATH'] = build
    os.environ['PATH'] = os.path.join(build, 'bin') + os.pathsep + os.environ.get('PATH', '')
    if os.path.isdir(build): site.addsitedir(build)
    os.chdir(project)
    name, _, attributes = backend['name'].partition(':')
    found = importlib.import_module(name)
    for attribute in filter(None, attributes.split('.')): found = getattr(found, attribute)
    return found

def asked_by(backend, editable):
    hook = getattr(backend, 'get_requires_for_build_editable' if editable else 'get_requires_for_build_wheel', None)
    return sorted(hook({})) if hook else []

def with_folders(files):
    """Files, and the folders that have nothing else: an empty one would still be a package."""
    excluded, folders = set(files), set()
    for file in files:
        folder = os.path.dirname(file)
        while folder and folder not in folders:
            folders.add(folder)
            folder = os.path.dirname(folder)
    for folder in sorted(folders, key=len, reverse=True):
        names = os.listdir(os.path.join(environment, folder)) if os.path.isdir(os.path.join(environment, folder)) else []
        if all(name == '__pycache__' or os.path.join(folder, name) in excluded for name in names): excluded.add(folder)
    return sorted(excluded)

def quietly(command):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

def note(editable, requirements, install):
    local = locals_of()
    files = {os.path.relpath(one.locate_file(name), environment) for one, _ in local for name in one.files or []}
    folders = list({purelib, platlib})
    develop = any(name.endswith('.egg-link') for folder in folders for name in os.listdir(folder) if os.path.isdir(folder))
    state = {'path': environment, 'editable': editable, 'requirements': requirements, 'quick': False}
    own = [one for one, path in local if path == os.path.realpath(project)]
    if not local: state['project'] = None
    if len(local) == 1 and len(own) == 1 and sys.version_info >= (3, 11):
        try:
            backend = backend_of()
            if backend['requires']: quietly(install + ['--target', build] + backend['requires'])
            program = sys.orig_argv[sys.orig_argv.index('-c') + 1]
            asking = [sys.executable, '-I', '-S', '-c', program, 'asked', environment, project, json.dumps({'editable': editable})]
            more = json.loads(quietly(asking).splitlines()[-1])
            if more: quietly(install + ['--target', build, '--upgrade'] + more)
            requires = sorted(own[0].metadata.get_all('Requires-Dist') or [])
            state.update(backend=backend, asked=more, requires=requires, project=own[0].metadata['Name'], quick=True)
        except (subprocess.CalledProcessError, OSError, ValueError, IndexError): pass
    if not local and not develop: state['quick'] = True
    state['inputs'] = inputs_of(requirements)
    with open(state_file, 'w') as file: json.dump(state, file)
    with open(os.path.join(environment, 'excluded'), 'w') as file: file.writelines(name + '\n' for name in with_folders(files))
    os.makedirs(build, exist_ok=True)
    if develop or not all(one.files for one, _ in local): end(3)

def relocate(old):
    """Programs of an environment and its configuration have its path in them."""
    if old == environment: return
    folders = [os.path.join(part, 'bin') for part in (venv, build)]
    paths = [os.path.join(folder, name) for folder in folders if os.path.isdir(folder) for name in os.listdir(folder)]
    for path in paths + [os.path.join(venv, 'pyvenv.cfg')]:
        if os.path.islink(path) or not os.path.isfile(path): continue
        with open(path, 'rb') as file: content = file.read()
        if old.encode() not in content or b'\0' in content: continue
        with open(path, 'wb') as file: file.write(content.replace(old.encode(), environment.encode()))

def script_of(target):
    module, _, function = target.partition(':')
    python = os.path.join(venv, 'bin', 'python')
    first = '#!' + python if len(python) < 120 and ' ' not in python else "#!/bin/sh\n'''exec' '%s' \"$0\" \"$@\"\n' '''" % python
    return '%s\nimport sys\nfrom %s import %s\nif __name__ == \'__main__\':\n    sys.exit(%s())\n' % (first, module, function.split('.')[0], function)

def unpack(wheel):
    """Puts a wheel into the environment (packaging.python.org, "Binary distribution format")."""
    import base64, csv, email, io
    from configparser import ConfigParser
    archive = zipfile.ZipFile(wheel)
    names = [name for name in archive.namelist() if not name.endswith('/')]
    info = next(name.split('/')[0] for name in names if name.split('/')[0].endswith('.dist-info'))
    metadata = email.message_from_bytes(archive.read(info + '/METADATA'))
    root = purelib if 'Root-Is-Purelib: true' in archive.read(info + '/WHEEL').decode() else platlib
    data = info[:-len('.dist-info')] + '.data'
    schemes = {'purelib': purelib, 'platlib': platlib, 'scripts': os.path.join(venv, 'bin'), 'data': venv, 'headers': os.path.join(venv, 'include', metadata['Name'])}
    written = []
    def write(path, content, executable=False):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as file: file.write(content)
        if executable: os.chmod(path, 0o755)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()
        written.append((os.path.relpath(path, root), 'sha256=' + digest, len(content)))
    for name in names:
        if name == info + '/RECORD': continue
        content, target, scheme = archive.read(name), os.path.join(root, name), ''
        if name.startswith(data + '/'):
            scheme, _, rest = name[len(data) + 1:].partition('/')
            target = os.path.join(schemes[scheme], rest)
            if scheme == 'scripts' and content.startswith(b'#!python'): content = b'#!' + os.path.join(venv, 'bin', 'python').encode() + content[content.index(b'\n'):]
        write(target, content, scheme == 'scripts' or archive.getinfo(name).external_attr >> 16 & 0o111 != 0)
    points = ConfigParser(delimiters=('=',), interpolation=None)
    points.optionxform = str
    if info + '/entry_points.txt' in names: points.read_string(archive.read(info + '/entry_points.txt').decode())
    for section in ('console_scripts', 'gui_scripts'):
        for name, target in points.items(section) if points.has_section(section) else []:
            write(os.path.join(venv, 'bin', name), script_of(target.split('[')[0].strip().replace(' ', '')).encode(), True)
    url = {'url': 'file://' + project, 'dir_info': {'editable': True} if state['editable'] else {}}
    write(os.path.join(root, info, 'direct_url.json'), json.dumps(url).encode())
    write(os.path.join(root, info, 'INSTALLER'), b'volt\n')
    record = io.StringIO()
    csv.writer(record, lineterminator='\n').writerows(written + [(info + '/RECORD', '', '')])
    with open(os.path.join(root, info, 'RECORD'), 'w') as file: file.write(record.getvalue())

def requires_of(wheel):
    import email
    archive = zipfile.ZipFile(wheel)
    name = next(name for name in archive.namelist() if name.endswith('.dist-info/METADATA') and name.count('/') == 1)
    return sorted(email.message_from_bytes(archive.read(name)).get_all('Requires-Dist') or [])

def install():
    relocate(state['path'])
    if inputs_of(state['requirements']) != state['inputs']: end(4)
    if not state['quick']: end(3)
    if state['project'] is None: end(0)
    if backend_of() != state['backend']: end(4)
    # what a backend prints would hide what pip prints when it fails again
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    backend = load(state['backend'])
    if asked_by(backend, state['editable']) != state['asked']: end(4)
    wheels = os.path.join(environment, 'wheels')
    os.makedirs(wheels, exist_ok=True)
    wheel = os.path.join(wheels, (backend.build_editable if state['editable'] else backend.build_wheel)(wheels))
    if requires_of(wheel) != state['requires']: end(4)
    unpack(wheel)

if task == 'note': note(**json.loads(sys.argv[4]))
elif task == 'asked': print(json.dumps(asked_by(load(backend_of()), **json.loads(sys.argv[4]))))
else:
    try:
        with open(state_file) as file: state = json.load(file)
        install()
    except BaseException: end(3)
end(0)
`;
