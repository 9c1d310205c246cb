# Power has no register for errors, and the compiler then gives an async function that throws a typed error a wrong
# place for it: it crashes, or its code does (https://github.com/swiftlang/swift/issues/92169). These rules make a copy
# of swift-subprocess throw the same errors untyped.
s/async throws(SubprocessError)/async throws/
# What was inferred from the type is written out.
s/throw \.\([a-z]\)/throw SubprocessError.\1/
/do throws(SubprocessError) {/,/return error$/ {
  s/do throws(SubprocessError) {/do {/
  s/return error$/return error as? SubprocessError/
}
