internal import Glibc
internal import Subprocess
internal import SystemPackage
internal import TestSupport

/// An OpenSSH server of a test's own at a free port of 127.0.0.1, and how to reach it: keys, known
/// hosts and configuration are all of its folder.
struct LoopbackSSH: Sendable {
  /// The port that it listens at.
  var port: Int
  /// The folder with `config`, `user_key`, `other_key` and what the server logs.
  var folder: String

  /// Variables with which `ssh` is the real one, with the configuration of the folder as if it were
  /// the user's: `power-host` is this server, and its host key is known.
  var environment: [String: String?] {
    ["PATH": folder + "/bin:" + (getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin")]
  }

  /// Runs the server as long as `body`.
  ///
  /// It ends also where this process is killed: its standard input closes.
  /// - Parameter forced: what the server runs for who logs in with `other_key`, whatever is asked
  ///   for (`$SSH_ORIGINAL_COMMAND`).
  /// - Throws: ``NoSSHServer``, and what `body` throws.
  static func run<Value: Sendable>(
    in folder: String, forced: String = "false", body: @Sendable (LoopbackSSH) async throws -> Value
  ) async throws -> Value {
    let script = folder + "/loopback-ssh"
    guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
      throw NoSSHServer(reason: "no folder \(folder): \(Errno(rawValue: errno))")
    }
    try write(Self.script, to: script)
    // The port may be taken by another between the choice and the server.
    for _ in 1...5 {
      let server = LoopbackSSH(port: try freePort(), folder: folder)
      let ended = try await Subprocess.run(
        .path("/bin/sh"), arguments: [script, folder, "\(server.port)", forced],
        input: .inputWriter, output: .sequence, error: .string(limit: 1 << 20)
      ) { execution -> Result<Value, any Error>? in
        var lines = execution.standardOutput.strings().makeAsyncIterator()
        guard try await lines.next() == "ready" else { return nil }
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(server)) } catch { outcome = .failure(error) }
        try await execution.standardInputWriter.finish()
        return outcome
      }
      if let outcome = ended.closureResult { return try outcome.get() }
      guard ended.standardError.contains("Address already in use") else {
        throw NoSSHServer(reason: ended.standardError)
      }
    }
    throw NoSSHServer(reason: "five free ports were taken before it came to listen")
  }

  private static func freePort() throws -> Int {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard socket >= 0 else { throw NoSSHServer(reason: "no socket: \(Errno(rawValue: errno))") }
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutableBytes(of: &address) { bytes -> Int32 in
      guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else {
        return -1
      }
      return bind(socket, pointer, size) == 0 ? getsockname(socket, pointer, &size) : -1
    }
    guard status == 0 else { throw NoSSHServer(reason: "no port: \(Errno(rawValue: errno))") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// In namespaces of its own, so that nothing of the machine is changed for it: it wants a folder in
  /// /run, and lets nobody in whose password is locked, as root's is on Ubuntu.
  private static let script = #"""
    set -eu
    folder=$1
    port=$2
    if [ "${3-}" = --serve ]; then
      mount --make-rprivate /
      mount -t tmpfs -o mode=755 loopback-ssh /run
      mkdir -m 755 /run/sshd
      (umask 077 && sed 's/^root:[^:]*:/root:*:/' /etc/shadow >"$folder/shadow")
      mount --bind "$folder/shadow" /etc/shadow
      exec 3<&0 </dev/null
      /usr/sbin/sshd -D -e -f "$folder/sshd_config" 3<&- >"$folder/sshd.log" 2>&1 &
      # Not read by this shell, which has to wait for it and for the server's orphans.
      cat <&3 >/dev/null &
      wait $!
      exit
    fi

    mkdir -p "$folder/bin"
    cd "$folder"
    rm -f host_key* user_key* other_key*
    for key in host_key user_key other_key; do ssh-keygen -q -t ed25519 -N '' -C "$key" -f $key; done
    {
      cat user_key.pub
      printf 'command="%s" ' "$(printf '%s' "$3" | sed 's/"/\\"/g')" && cat other_key.pub
    } >authorized_keys
    printf '[127.0.0.1]:%s %s\n' "$port" "$(cat host_key.pub)" >known_hosts
    cat >sshd_config <<CONFIG
    ListenAddress 127.0.0.1
    Port $port
    HostKey $folder/host_key
    PidFile none
    AuthorizedKeysFile $folder/authorized_keys
    StrictModes no
    UsePAM no
    PasswordAuthentication no
    KbdInteractiveAuthentication no
    PermitRootLogin prohibit-password
    PermitUserRC no
    Banner $folder/banner
    CONFIG
    echo 'For those alone who may.' >banner
    cat >config <<CONFIG
    Host power-host
      HostName 127.0.0.1
      Port $port
      User root
      IdentityFile $folder/user_key
    Host other-key
      HostName 127.0.0.1
      Port $port
      User root
      IdentityFile $folder/other_key
    Host *
      IdentitiesOnly yes
      IdentityAgent none
      BatchMode yes
      UserKnownHostsFile $folder/known_hosts
      GlobalKnownHostsFile /dev/null
    CONFIG
    ssh=$(command -v ssh)
    printf '#!/bin/sh\nexec %s -F %s/config "$@"\n' "$ssh" "$folder" >bin/ssh
    chmod 755 bin/ssh

    mkfifo alive
    unshare --mount --pid --fork --kill-child --mount-proc \
      sh "$0" "$folder" "$port" --serve <alive >namespace.log 2>&1 &
    server=$!
    exec 9>alive
    rm alive
    until ssh -F config -q power-host true 2>ssh.log; do
      if ! kill -0 "$server" 2>/dev/null; then
        cat namespace.log sshd.log ssh.log >&2 || true
        exit 1
      fi
      sleep 0.1
    done
    echo ready
    cat >/dev/null
    exec 9>&-
    wait "$server" || true
    """#
}

/// An SSH server that did not start.
struct NoSSHServer: Error, CustomStringConvertible {
  var reason: String

  var description: String { "there is no SSH server to test with: \(reason)" }
}
