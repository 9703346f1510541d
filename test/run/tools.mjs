/** Programs that only tests need. Their packages are known on Debian and Ubuntu, where `npm test` as root installs them. */

/** @param {string} name of the package on Debian and Ubuntu */
function debian(name) {
  return { packages: { debian: name, ubuntu: name } };
}

/**
 * What tests need, and which tests are skipped without it.
 * @satisfies {Record<string, import('../../src/setup/programs.mjs').Program & { skipped: string }>}
 */
export const TOOLS = {
  chromium: {
    title: 'a browser (chromium or google-chrome)',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    code: 'chromium_missing',
    // Ubuntu's package only fetches a snap, which does not run in most containers
    packages: { debian: 'chromium' },
    skipped: 'the tests of the dashboard in a browser',
  },
  make: {
    title: 'make',
    names: ['make'],
    code: 'make_missing',
    ...debian('make'),
    skipped: 'the test of a project with a Makefile',
  },
  pytest: {
    title: 'pytest',
    names: ['pytest', 'pytest-3'],
    code: 'pytest_missing',
    ...debian('python3-pytest'),
    skipped: 'the test of a project with pytest',
  },
  venv: {
    title: 'environments of Python (python3-venv)',
    names: ['python3'],
    proof: ['-c', 'import ensurepip, venv'],
    code: 'venv_missing',
    ...debian('python3-venv'),
    skipped: 'the tests of environments of Python projects',
  },
  cargo: {
    title: 'Cargo',
    names: ['cargo'],
    // rustup installs a `cargo` that only looks for the real one
    proof: ['--version'],
    code: 'cargo_missing',
    ...debian('cargo'),
    skipped: 'the test of a Cargo project',
  },
  go: { title: 'Go', names: ['go'], code: 'go_missing', ...debian('golang-go'), skipped: 'the test of a Go module' },
  // installs Maven, a Java compiler and the plugins with which Maven works without a network
  maven: {
    title: "Maven with Debian's repository",
    names: ['mh_make'],
    code: 'maven_missing',
    ...debian('maven-debian-helper'),
    skipped: 'the test of a Maven project',
  },
  gradle: {
    title: 'Gradle',
    names: ['gradle'],
    code: 'gradle_missing',
    ...debian('gradle'),
    skipped: 'the test of a Gradle project',
  },
  elixir: {
    title: 'Elixir',
    names: ['mix'],
    code: 'elixir_missing',
    ...debian('elixir'),
    skipped: 'the test of a Mix project',
  },
  cc: {
    title: 'a C compiler',
    names: ['cc'],
    code: 'cc_missing',
    // with the headers of the C library, which gcc only recommends
    ...debian('g++'),
    skipped: 'the tests of CMake and Meson projects',
  },
  cmake: {
    title: 'CMake',
    names: ['cmake'],
    code: 'cmake_missing',
    ...debian('cmake'),
    skipped: 'the test of a CMake project',
  },
  meson: {
    title: 'Meson',
    names: ['meson'],
    code: 'meson_missing',
    ...debian('meson'),
    skipped: 'the test of a Meson project',
  },
  rspec: {
    title: 'Ruby with RSpec',
    names: ['rspec'],
    code: 'rspec_missing',
    ...debian('ruby-rspec'),
    skipped: 'the test of a Ruby project with RSpec',
  },
  bundler: {
    title: 'Bundler',
    names: ['bundle'],
    code: 'bundler_missing',
    ...debian('ruby-bundler'),
    skipped: 'the test of a Ruby project with a Gemfile',
  },
  minitest: {
    title: 'Minitest',
    names: ['ruby'],
    proof: ['-e', "gem 'minitest'"],
    code: 'minitest_missing',
    ...debian('ruby-minitest'),
    skipped: 'the test of a Ruby project with Rake and Minitest',
  },
  phpunit: {
    title: 'PHPUnit',
    names: ['phpunit'],
    code: 'phpunit_missing',
    ...debian('phpunit'),
    skipped: 'the test of a PHP project',
  },
  composer: {
    title: 'Composer',
    names: ['composer'],
    code: 'composer_missing',
    ...debian('composer'),
    skipped: 'the test of a PHP project',
  },
  lfs: {
    title: 'Git LFS',
    names: ['git-lfs'],
    code: 'lfs_missing',
    ...debian('git-lfs'),
    skipped: 'the tests of files in Git LFS',
  },
  ip: {
    title: 'ip, for networks of tests',
    names: ['ip'],
    code: 'ip_missing',
    ...debian('iproute2'),
    skipped: 'the tests of runners without a network',
  },
  keyctl: {
    title: 'keyctl, for keys of the kernel',
    names: ['keyctl'],
    code: 'keyctl_missing',
    ...debian('keyutils'),
    skipped: 'the tests of keys of the kernel',
  },
  sshd: {
    title: 'an ssh server (sshd)',
    names: ['sshd'],
    code: 'sshd_missing',
    service: 'ssh',
    ...debian('openssh-server'),
    skipped: 'the tests of deploy keys',
  },
  podman: {
    title: 'podman, a container engine',
    names: ['podman'],
    code: 'podman_missing',
    ...debian('podman'),
    skipped: 'the tests of containers',
  },
  runc: {
    title: 'runc, which starts containers on machines with any kind of control groups',
    names: ['runc'],
    code: 'runc_missing',
    ...debian('runc'),
    skipped: 'the tests of containers',
  },
  nameServer: {
    title: 'aardvark-dns, the name server of networks of containers',
    names: ['sh'],
    // not on the search path
    proof: ['-c', 'test -x /usr/lib/podman/aardvark-dns || test -x /usr/libexec/podman/aardvark-dns'],
    code: 'aardvark_missing',
    ...debian('aardvark-dns'),
    skipped: 'the tests of containers',
  },
  busybox: {
    title: 'a static busybox, for images of tests',
    names: ['sh'],
    // other packages have one that needs libraries
    proof: ['-c', 'busybox=$(command -v busybox) && ! ldd "$busybox"'],
    code: 'busybox_missing',
    ...debian('busybox-static'),
    skipped: 'the tests of containers',
  },
  uidmap: {
    title: 'newuidmap, for podman without root',
    names: ['newuidmap'],
    code: 'uidmap_missing',
    ...debian('uidmap'),
    skipped: 'the tests of containers of an ordinary user',
  },
  buildah: {
    title: 'buildah, which builds images in jobs',
    names: ['buildah'],
    code: 'buildah_missing',
    ...debian('buildah'),
    skipped: 'the tests of builds of images',
  },
  docker: {
    title: "Docker's daemon",
    names: ['dockerd'],
    code: 'docker_missing',
    service: 'docker.service docker.socket',
    ...debian('docker.io'),
    skipped: 'the tests of containers of Docker',
  },
  dockerCli: {
    title: "Docker's program (docker)",
    names: ['docker'],
    code: 'docker_cli_missing',
    packages: { debian: 'docker-cli' },
    skipped: 'the tests of containers of Docker',
  },
  registry: {
    title: 'a registry of images (docker-registry)',
    names: ['docker-registry'],
    code: 'registry_missing',
    service: 'docker-registry',
    ...debian('docker-registry'),
    skipped: 'the tests of pulls of images',
  },
  gh: {
    title: "GitHub's client (gh)",
    names: ['gh'],
    code: 'gh_missing',
    ...debian('gh'),
    skipped: "the tests with GitHub's client",
  },
  glab: {
    title: "GitLab's client (glab)",
    names: ['glab'],
    code: 'glab_missing',
    ...debian('glab'),
    skipped: "the tests with GitLab's client",
  },
  pagure: {
    title: 'Pagure, a forge',
    names: ['pagure-admin'],
    code: 'pagure_missing',
    service:
      'pagure-worker.service pagure-gitolite-worker.service pagure-authorized-keys-worker.service pagure-api-key-expire-mail.timer pagure-mirror-project-in.timer',
    ...debian('pagure'),
    skipped: 'the test with a real forge',
  },
  postgres: {
    title: 'a PostgreSQL server',
    names: ['postgres'],
    // Debian's folder
    versions: '/usr/lib/postgresql',
    code: 'postgres_missing',
    service: 'postgresql',
    ...debian('postgresql'),
    skipped: 'the tests of a PostgreSQL database',
  },
  systemd: {
    title: 'systemd-analyze, which checks units',
    names: ['systemd-analyze'],
    code: 'systemd_missing',
    ...debian('systemd'),
    skipped: 'the check of the systemd units',
  },
};
