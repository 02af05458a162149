using Xunit;

// Real servers, browsers and gigabytes: one at a time, so that none is slow because of another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
