package weights

// KeepsTimes says whether the digest cache works on the file system of a file.
var KeepsTimes = keepsTimes
