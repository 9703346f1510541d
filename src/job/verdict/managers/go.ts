import { ofCommit, ofMachine, ofNetwork, ofTool, type Rule } from '../blame.ts';

/** Go, which fetches when it builds the tests. */
export const go: readonly Rule[] = [
  {
    line: /^(?:go: |\S+\.go:\d+:\d+: )(.*(?:dial tcp|no such host|i\/o timeout|TLS handshake timeout|connection refused|x509: ).*)$/,
    blame: ([said]) => ofNetwork(`Go cannot fetch modules: ${said}`),
  },
  {
    line: /^(?:go: |\S+\.go:\d+:\d+: )(?:module )?(\S+?):? .*(?:404 Not Found|410 Gone|unknown revision|invalid version)/,
    blame: ([name]) => ofCommit(`Go finds no module ${name}`, 'Correct its name or version in go.mod'),
  },
  {
    line: /missing go\.sum entry(?: for module providing package (\S+))?/,
    blame: ([name]) =>
      ofCommit(
        `go.sum does not fit go.mod${name ? `: ${name}` : ''}`,
        'Run `go mod tidy` and commit go.mod and go.sum',
      ),
  },
  {
    line: /^go: updates to go\.(?:mod|work) needed/,
    blame: () => ofCommit('go.mod does not fit the code', 'Run `go mod tidy` and commit go.mod and go.sum'),
  },
  {
    line: /^(?:\S+\.go:\d+:\d+: )?no required module provides package (\S+?);/,
    blame: ([name]) =>
      ofCommit(`go.mod does not name the module of ${name}`, `Run \`go get ${name}\` and commit go.mod and go.sum`),
  },
  {
    line: /^(?:verifying|go: verifying) (\S+): checksum mismatch/,
    blame: ([name]) =>
      ofCommit(
        `Go gets ${name} with another checksum than go.sum names`,
        'Check who changed it, then run `go mod tidy`',
      ),
  },
  {
    line: /^go: (?:errors parsing|malformed) (go\.\w+)/,
    blame: ([file]) => ofCommit(`Go cannot read ${file}`, 'Correct it as the log says'),
  },
  {
    line: /^go: (\S+) requires go >= (\S+) \(running go (\S+);/,
    blame: ([file, wanted, here]) =>
      ofTool(`${file} needs Go ${wanted}, the runner has ${here}`, 'Install that version on the runner'),
  },
  {
    line: /^go: download (go\S+) for \S+: toolchain not available/,
    blame: ([name]) => ofTool(`the runner has no ${name}`, 'Install that version on the runner'),
  },
  {
    line: /^cgo: C compiler "([^"]+)" not found/,
    blame: ([name]) => ofTool(`cgo finds no C compiler ${name}`, 'Run `apt-get install build-essential` on the runner'),
  },
  {
    line: /^# pkg-config .*$|^Package (\S+) was not found in the pkg-config search path/,
    blame: ([name]) =>
      name
        ? ofMachine(`cgo needs the library ${name}`, `Run \`apt-get install lib${name}-dev pkg-config\` on the runner`)
        : undefined,
  },
];
