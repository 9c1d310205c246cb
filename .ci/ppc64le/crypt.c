// crypt(3) of SHA-512 alone, the one hash that virt-nest makes, by libxcrypt's own code. lld cannot link Debian's
// libcrypt.a for Power: gcc made its calls by relocations that lld does not know.

#include <crypt.h>
#include <stdint.h>
#include <string.h>

void crypt_sha512crypt_rn(
    const char *phrase, size_t phrase_size, const char *setting, size_t setting_size, uint8_t *output,
    size_t output_size, void *scratch, size_t scratch_size);

char *crypt(const char *phrase, const char *setting) {
  static uint8_t output[CRYPT_OUTPUT_SIZE];
  uint64_t scratch[1024];
  if (strncmp(setting, "$6$", 3) != 0 || strlen(phrase) >= CRYPT_MAX_PASSPHRASE_SIZE) return NULL;
  output[0] = 0;
  crypt_sha512crypt_rn(
      phrase, strlen(phrase), setting, strlen(setting), output, sizeof output, scratch, sizeof scratch);
  return output[0] ? (char *)output : NULL;
}
