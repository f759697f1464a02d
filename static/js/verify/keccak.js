// SHAKE128 and SHAKE256 (FIPS 202), which ML-DSA is made of; lanes are pairs of 32 bits.

const ROUNDS = (
  "00000001:0 8082:0 808a:80000000 80008000:80000000 808b:0 80000001:0 80008081:80000000 8009:80000000 8a:0 88:0 " +
  "80008009:0 8000000a:0 8000808b:0 8b:80000000 8089:80000000 8003:80000000 8002:80000000 80:80000000 800a:0 " +
  "8000000a:80000000 80008081:80000000 8080:80000000 80000001:0 80008008:80000000"
).split(" ").map((pair) => pair.split(":").map((word) => parseInt(word, 16) | 0));
// Where each lane goes and how far it turns, in the order in which rho and pi walk.
const WALK = [];
for (let [t, x, y] = [0, 1, 0]; t < 24; t += 1) {
  [x, y] = [y, (2 * x + 3 * y) % 5];
  WALK.push([x + 5 * y, (((t + 1) * (t + 2)) / 2) % 64]);
}

/** The first `size` bytes of SHAKE128 over `data`. */
export const shake128 = (data, size) => squeeze(data, size, 168);

/** The first `size` bytes of SHAKE256 over `data`. */
export const shake256 = (data, size) => squeeze(data, size, 136);

function squeeze(data, size, rate) {
  const state = new Int32Array(50);
  const bytes = new Uint8Array(state.buffer);
  const view = new DataView(state.buffer);
  let at = 0;
  const mix = (byte) => {
    bytes[at] ^= byte;
    at += 1;
    if (at === rate) {
      permute(view, state);
      at = 0;
    }
  };
  data.forEach(mix);
  bytes[at] ^= 0x1f;
  bytes[rate - 1] ^= 0x80;
  const out = new Uint8Array(size);
  for (let done = 0; done < size; done += rate) {
    permute(view, state);
    out.set(bytes.subarray(0, Math.min(rate, size - done)), done);
  }
  return out;
}

function permute(view, state) {
  for (let at = 0; at < 50; at += 1) state[at] = view.getInt32(4 * at, true);
  for (const [low, high] of ROUNDS) {
    theta(state);
    rhoPi(state);
    chi(state);
    state[0] ^= low;
    state[1] ^= high;
  }
  for (let at = 0; at < 50; at += 1) view.setInt32(4 * at, state[at], true);
}

const C = new Int32Array(10);

function theta(a) {
  for (let x = 0; x < 10; x += 1) C[x] = a[x] ^ a[x + 10] ^ a[x + 20] ^ a[x + 30] ^ a[x + 40];
  for (let x = 0; x < 5; x += 1) {
    const [before, after] = [2 * ((x + 4) % 5), 2 * ((x + 1) % 5)];
    const low = C[before] ^ ((C[after] << 1) | (C[after + 1] >>> 31));
    const high = C[before + 1] ^ ((C[after + 1] << 1) | (C[after] >>> 31));
    for (let y = 2 * x; y < 50; y += 10) {
      a[y] ^= low;
      a[y + 1] ^= high;
    }
  }
}

function rhoPi(a) {
  let [low, high] = [a[2], a[3]];
  for (const [lane, turns] of WALK) {
    const [nextLow, nextHigh] = [a[2 * lane], a[2 * lane + 1]];
    const [l, h] = turns < 32 ? [low, high] : [high, low];
    const bits = turns % 32;
    a[2 * lane] = bits ? (l << bits) | (h >>> (32 - bits)) : l;
    a[2 * lane + 1] = bits ? (h << bits) | (l >>> (32 - bits)) : h;
    [low, high] = [nextLow, nextHigh];
  }
}

function chi(a) {
  for (let y = 0; y < 50; y += 10) {
    for (let x = 0; x < 10; x += 1) C[x] = a[y + x];
    for (let x = 0; x < 10; x += 1) a[y + x] = C[x] ^ (~C[(x + 2) % 10] & C[(x + 4) % 10]);
  }
}
