import { commit, network, type Rule, tool } from '../blame.ts';

/** Go, which fetches when it builds the tests. */
export const go: readonly Rule[] = [
  network(
    /^(?:go: |\S+\.go:\d+:\d+: )(.*(?:dial tcp|no such host|i\/o timeout|TLS handshake timeout|connection refused|x509: |module lookup disabled ).*)$/,
    'Go cannot fetch modules: $1',
  ),
  commit(
    /^(?:go: |\S+\.go:\d+:\d+: )(?:module )?(\S+?):? .*(?:404 Not Found|410 Gone|unknown revision|invalid version)/,
    'Go finds no module $1',
    'Correct its name or version in go.mod',
  ),
  commit(
    /missing go\.sum entry(?: for module providing package (\S+))?/,
    ([name]) => `go.sum does not fit go.mod${name && `: ${name}`}`,
    'Run `go mod tidy` and commit go.mod and go.sum',
  ),
  commit(
    /^go: updates to go\.(?:mod|work) needed/,
    'go.mod does not fit the code',
    'Run `go mod tidy` and commit go.mod and go.sum',
  ),
  commit(
    /^(?:\S+\.go:\d+:\d+: )?no required module provides package (\S+?);/,
    'go.mod does not name the module of $1',
    'Run `go get $1` and commit go.mod and go.sum',
  ),
  commit(
    /^(?:verifying|go: verifying) (\S+): checksum mismatch/,
    'Go gets $1 with another checksum than go.sum names',
    'Check who changed it, then run `go mod tidy`',
  ),
  commit(/^go: (?:errors parsing|malformed) (go\.\w+)/, 'Go cannot read $1', 'Correct it as the log says'),
  tool(
    /^go: (\S+) requires go >= (\S+) \(running go (\S+);/,
    '$1 needs Go $2, the runner has $3',
    'Install that version on the runner',
  ),
  tool(
    /^go: download (go\S+) for \S+: toolchain not available/,
    'the runner has no $1',
    'Install that version on the runner',
  ),
  tool(
    /^cgo: C compiler "([^"]+)" not found/,
    'cgo finds no C compiler $1',
    'Run `apt-get install build-essential` on the runner',
  ),
];
