// gcc's libgcc of Debian 12 has no half floats on Power, which Swift's runtime and _Builtin_float need to
// print and to convert. Values only: signalling NaNs become quiet.

#include <stdint.h>
#include <string.h>

float __extendhfsf2(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 0x1f;
  uint32_t fraction = half & 0x3ff;
  uint32_t bits;
  if (exponent == 0x1f) {
    bits = 0x7f800000 | fraction << 13 | (fraction ? 0x400000 : 0);
  } else if (exponent) {
    bits = (exponent + 112) << 23 | fraction << 13;
  } else {
    // 2^-24 times the fraction, exactly.
    float value = (float)fraction * 0x1p-24f;
    memcpy(&bits, &value, sizeof bits);
  }
  bits |= sign;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

uint16_t __truncdfhf2(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint16_t sign = (uint16_t)(bits >> 48 & 0x8000);
  uint64_t magnitude = bits & INT64_MAX;
  if (magnitude > 0x7ff0000000000000) return sign | 0x7e00;
  // 65520 and above round to infinity.
  if (magnitude >= 0x40effe0000000000) return sign | 0x7c00;
  // Below 2^-25, and there itself, to zero.
  if (magnitude <= 0x3e60000000000000) return sign;
  int exponent = (int)(magnitude >> 52) - 1023;
  uint64_t fraction = (magnitude & 0xfffffffffffff) | 0x10000000000000;
  // Bits that a half float cannot hold: 42 of a normal number, more of one below 2^-14.
  int lost = exponent < -14 ? 42 - 14 - exponent : 42;
  uint64_t kept = fraction >> lost;
  uint64_t rest = fraction & ((1ull << lost) - 1);
  uint64_t middle = 1ull << (lost - 1);
  if (rest > middle || (rest == middle && (kept & 1))) kept += 1;
  // A carry out of the fraction counts the exponent up, which is right.
  if (exponent >= -14) kept += (uint64_t)(exponent + 14) << 10;
  return sign | (uint16_t)kept;
}

// A float is a double exactly: it is rounded once.
uint16_t __truncsfhf2(float value) { return __truncdfhf2(value); }
