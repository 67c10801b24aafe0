// Tests that take more than a second and are left out where mutants are tested: what they try by the hundred, quicker ones
// beside them try one by one.
const SLOW = [
  "of which one value is another one is refused",
  "a real model with its real signature, packed every way",
  "with more digests than a Warrant holds",
  "whose grants are too large for etcd",
];

export const isQuick = (id: string): boolean => !SLOW.some((words) => id.includes(words));
