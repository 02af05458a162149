using System.Data.Common;
using Npgsql;

namespace Gatehouse.Storage;

/// <summary>"One of these" in SQL: PostgreSQL takes a list as one parameter, for SQLite Dapper writes each value out.</summary>
public static class AnyOf
{
    /// <summary>The condition that a column has one of the values of a list parameter.</summary>
    public static string Sql(DbConnection connection, string column, string parameter) => connection is NpgsqlConnection ? $"{column} = any(@{parameter})" : $"{column} in @{parameter}";
}
