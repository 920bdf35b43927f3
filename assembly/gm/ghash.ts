// GHASH, the polynomial hash of GCM (NIST SP 800-38D §6.4), in constant time. The product of
// polynomials over GF(2) is made of integer products whose operands hold one bit in four: the
// carries of such a product end in the three empty places above each bit, from where a mask removes
// them (T. Pornin, BearSSL, "constant-time multiplication"). No table, no branch on data.

const lastBlock = memory.data(16, 16);

const M0: u64 = 0x1111111111111111;
const M1: u64 = M0 << 1;
const M2: u64 = M0 << 2;
const M3: u64 = M0 << 3;

/** The low 64 bits of the product of two polynomials; at most 16 ones meet in any bit. */
function multiplyLow(x: u64, y: u64): u64 {
  const x0 = x & M0;
  const x1 = x & M1;
  const x2 = x & M2;
  const x3 = x & M3;
  const y0 = y & M0;
  const y1 = y & M1;
  const y2 = y & M2;
  const y3 = y & M3;
  const z0 = (x0 * y0) ^ (x1 * y3) ^ (x2 * y2) ^ (x3 * y1);
  const z1 = (x0 * y1) ^ (x1 * y0) ^ (x2 * y3) ^ (x3 * y2);
  const z2 = (x0 * y2) ^ (x1 * y1) ^ (x2 * y0) ^ (x3 * y3);
  const z3 = (x0 * y3) ^ (x1 * y2) ^ (x2 * y1) ^ (x3 * y0);
  return (z0 & M0) | (z1 & M1) | (z2 & M2) | (z3 & M3);
}

function swapBits(x: u64, mask: u64, n: u64): u64 {
  return ((x & mask) << n) | ((x >> n) & mask);
}

function reverseBits(x: u64): u64 {
  x = swapBits(x, 0x5555555555555555, 1);
  x = swapBits(x, 0x3333333333333333, 2);
  x = swapBits(x, 0x0f0f0f0f0f0f0f0f, 4);
  return bswap<u64>(x);
}

/**
 * Folds `length` bytes at `data` into the 16 bytes at `hash` under the key at `key`; a last block
 * that is not full counts as filled with zeros, so only the last call of a part may have one.
 */
export function ghash(key: usize, hash: usize, data: usize, length: u32): void {
  const h1 = bswap<u64>(load<u64>(key));
  const h0 = bswap<u64>(load<u64>(key, 8));
  const h1r = reverseBits(h1);
  const h0r = reverseBits(h0);
  let y1 = bswap<u64>(load<u64>(hash));
  let y0 = bswap<u64>(load<u64>(hash, 8));
  while (length > 0) {
    if (length < 16) {
      memory.fill(lastBlock, 0, 16);
      memory.copy(lastBlock, data, length);
      data = lastBlock;
      length = 16;
    }
    y1 ^= bswap<u64>(load<u64>(data));
    y0 ^= bswap<u64>(load<u64>(data, 8));
    const y1r = reverseBits(y1);
    const y0r = reverseBits(y0);

    // Karatsuba over halves of 64 bits. The upper half of a product comes from the operands with
    // their bits reversed.
    const z0 = multiplyLow(y0, h0);
    const z1 = multiplyLow(y1, h1);
    const z2 = multiplyLow(y0 ^ y1, h0 ^ h1) ^ z0 ^ z1;
    const z0r = multiplyLow(y0r, h0r);
    const z1r = multiplyLow(y1r, h1r);
    const z2r = multiplyLow(y0r ^ y1r, h0r ^ h1r) ^ z0r ^ z1r;
    let v0 = z0;
    let v1 = (reverseBits(z0r) >> 1) ^ z2;
    let v2 = (reverseBits(z2r) >> 1) ^ z1;
    let v3 = reverseBits(z1r) >> 1;

    // GCM numbers bits from the other end: shift the product of 255 bits to the top, then reduce
    // by x^128 + x^7 + x^2 + x + 1 from below.
    v3 = (v3 << 1) | (v2 >> 63);
    v2 = (v2 << 1) | (v1 >> 63);
    v1 = (v1 << 1) | (v0 >> 63);
    v0 <<= 1;
    v2 ^= v0 ^ (v0 >> 1) ^ (v0 >> 2) ^ (v0 >> 7);
    v1 ^= (v0 << 63) ^ (v0 << 62) ^ (v0 << 57);
    v3 ^= v1 ^ (v1 >> 1) ^ (v1 >> 2) ^ (v1 >> 7);
    v2 ^= (v1 << 63) ^ (v1 << 62) ^ (v1 << 57);
    y0 = v2;
    y1 = v3;
    data += 16;
    length -= 16;
  }
  store<u64>(hash, bswap<u64>(y1));
  store<u64>(hash, bswap<u64>(y0), 8);
  memory.fill(lastBlock, 0, 16);
}
